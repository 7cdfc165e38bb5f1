(** Refutations: the error flow through a gate and through a latch, and the gradient of a shared weight by
    lag. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From mathcomp Require Import ring zify.
From errorflow Require Import vocabulary spectral_norm spectral_radius refutations_common refutations_numbers.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Refutations.
Variable R : rcfType.

(** The step Jacobian of (h, c) of an LSTM with one unit, c' = f c + i g and h' = o tanh(c'), whose gates
    read h through the recurrent weights W of i, f, g and o. The slopes of the gates are s (1 - s) and 1 -
    g^2; t is tanh(c'). *)
Definition lstm_jacobian (W gates : seq R) (c t : R) : 'M[R]_2 :=
  let i := gates`_0 in let f := gates`_1 in let g := gates`_2 in let o := gates`_3 in
  let c_h := W`_1 * (f * (1 - f)) * c + W`_0 * (i * (1 - i)) * g + i * (W`_2 * (1 - g ^+ 2)) in
  mat2 (W`_3 * (o * (1 - o)) * t + o * (1 - t ^+ 2) * c_h) (o * (1 - t ^+ 2) * f) c_h f.

(** False: with its forget gate at one an LSTM has constant error flow, dc_T/dc_0 = 1. The unit is at rest,
    c = g = 0, so that c' = 0 and tanh(c') = 0 at every step: over all paths dc_T/dc_0 is 2^9 after ten
    steps. *)
Theorem refutes_lstm_constant_error_flow :
  let W : seq R := [:: 0; 0; 4; 0] in
  let gates := [:: 1 / 2; 1; 0; 1 / 2] in
  let c : R := 0 in
  let repeats := 10%N in
  let J := lstm_jacobian W gates c 0 in
  [/\ gates`_1 = 1, forall k, k \in [:: 0%N; 3%N] -> 0 < gates`_k < 1, `|gates`_2| < 1,
     gates`_1 * c + gates`_0 * gates`_2 = c
    & [/\ J 1 1 ^+ repeats = 1, (J ^+ repeats) 1 1 = 512 & ~~ ((J ^+ repeats) 1 1 == J 1 1 ^+ repeats)]].
Proof.
move=> W gates c repeats J.
have JE : J = mat2 1 (1 / 2) 2 1 by rewrite /J /lstm_jacobian /W /gates /c /=; congr mat2; ground.
have truncated : J 1 1 ^+ repeats = 1 by rewrite JE mxE expr1n.
have full : (J ^+ repeats) 1 1 = 512.
  rewrite JE mat2_pow_singular; last by ground.
  by rewrite mat2Z mxE /=; ground.
split=> //; last split=> //.
- by rewrite /gates => k; rewrite !inE => /orP [] /eqP -> /=; apply/andP; split; ground.
- by rewrite /gates /= normr0 ltr01.
- by rewrite /gates /c /=; ground.
by rewrite truncated full; ground.
Qed.

(** h_t = w h_{t-1} + u_t from h_0 = 0, and the part w^j h_{T-1-j} of dh_T/dw at lag j. *)
Definition states (w : R) (inputs : seq R) : seq R := 0 :: scanl (fun h u => w * h + u) 0 inputs.
Definition part (w : R) (inputs : seq R) (j : nat) : R := w ^+ j * (states w inputs)`_(size inputs - 1 - j).

Lemma states_step w inputs k : (k < size inputs)%N ->
  (states w inputs)`_k.+1 = foldl (fun h u => w * h + u) 0 (take k.+1 inputs).
Proof. by move=> lt_k; rewrite /states [LHS]nth_scanl. Qed.

(** False: the total gradient of a shared weight cannot vanish while its parts do not. *)
Theorem refutes_total_gradient_never_vanishes :
  let w : R := 1 / 2 in
  let inputs := [:: 1; -1; 0] in
  let gradient := \sum_(0 <= j < 3) part w inputs j in
  [/\ 0 < `|part w inputs 0|, 0 < \sum_(1 <= j < 3) `|part w inputs j|, gradient = 0 & ~~ (0 < `|gradient|)].
Proof.
move=> w inputs gradient.
have part0 : part w inputs 0 = - (1 / 2) by rewrite /part /inputs /= /w; ground.
have part1 : part w inputs 1 = 1 / 2 by rewrite /part /inputs /= /w; ground.
have part2 : part w inputs 2 = 0 by rewrite /part /inputs /= /w; ground.
have gradient0 : gradient = 0.
  by rewrite /gradient !big_nat_recl // big_geq // part0 part1 part2; ground.
split=> //; last by rewrite gradient0 normr0 ltxx.
  by rewrite part0 normrN ger0_norm; ground.
by rewrite 2?big_ltn // big_geq // part1 part2 normr0 ger0_norm; ground.
Qed.

(** False: a gradient dE/dw of at least 1 takes a thousandth of it from the lags of 20 and more. *)
Theorem refutes_long_range_from_nonzero_gradient :
  let w : R := 1 / 2 in
  let inputs := nseq 24 1 in
  let lag := 20%N in
  let far := \sum_(lag <= j < 24) `|part w inputs j| in
  [/\ 1 <= `|\sum_(0 <= j < 24) part w inputs j|, 0 < far
    & ~~ (1 / 1000 <= far / \sum_(0 <= j < 24) `|part w inputs j|)].
Proof.
move=> w inputs lag far.
have state h k : foldl (fun h u => w * h + u) h (nseq k 1) = 2 - (2 - h) * w ^+ k.
  elim: k h => [|k IH] h; first by rewrite expr0 /=; ring.
  by rewrite [LHS]IH exprS /w; numerals; field.
pose value j : R := 2 * w ^+ j - 2 * w ^+ 23.
have partE j : (j < 24)%N -> part w inputs j = value j.
  move=> lt_j; rewrite /part size_nseq; case j_k: (24 - 1 - j)%N => [|k].
    have -> : j = 23%N by lia.
    by rewrite /value subrr mulr0.
  rewrite states_step ?size_nseq; last by lia.
  rewrite /inputs take_nseq; last by lia.
  rewrite state /value (_ : 23 = j + k.+1)%N; last by lia.
  by rewrite exprD subr0; ring.
have sumE a : \sum_(a <= j < 24) part w inputs j = \sum_(a <= j < 24) value j.
  by apply: eq_big_nat => j /andP [_ /partE].
have part_ge0 j : (j < 24)%N -> 0 <= part w inputs j.
  move=> lt_j; rewrite partE // /value -mulrBr mulr_ge0 // ?subr_ge0; first by ground.
  by rewrite ler_wiexpn2l //; rewrite /w; ground.
have absE a : \sum_(a <= j < 24) `|part w inputs j| = \sum_(a <= j < 24) value j.
  by rewrite -sumE; apply: eq_big_nat => j /andP [_ lt_j]; rewrite ger0_norm ?part_ge0.
rewrite /far sumE !absE /lag.
set total := \sum_(0 <= j < 24) value j; set late := \sum_(20 <= j < 24) value j.
have totalE : total = 4 - 25 * (1 / 2) ^+ 22.
  by rewrite /total !big_nat_recl // big_geq // /value /w; ground.
have lateE : late = 11 * (1 / 2) ^+ 22.
  by rewrite /late 4?big_ltn // big_geq // /value /w; ground.
rewrite totalE lateE; split; [rewrite ger0_norm; ground | by ground | by rewrite -ltNge; ground].
Qed.

(** False: |M'(a_t)| < 1 at every step makes da_t/da_0 of a latch tend to zero. The slopes 1 - 1/(t + 2)^2
    have the product (T + 2)/(2 (T + 1)) over t < T, which is above 1/2 for every T. *)
Theorem refutes_contraction_at_every_step :
  let slope : nat -> R := fun t => 1 - 1 / (t%:R + 2) ^+ 2 in
  let gain : R := 2 in
  [/\ forall t, 0 < slope t < 1, 1 < gain,
     forall T, \prod_(0 <= t < T) slope t = (T%:R + 2) / (2 * (T%:R + 1))
    & forall T, 1 / 2 < \prod_(0 <= t < T) slope t].
Proof.
move=> slope gain.
have product T : \prod_(0 <= t < T) slope t = (T%:R + 2) / (2 * (T%:R + 1)).
  elim: T => [|T IH]; first by rewrite big_geq //; ground.
  rewrite big_nat_recr //= IH /slope; numerals; field.
  by rewrite [1 + _]addrC -!mulrSr !pnatr_eq0.
have above T : 1 / 2 < (T%:R + 2) / (2 * (T%:R + 1)) :> R.
  have T1 : 0 < (T%:R + 1 : R) by rewrite -mulrSr ltr0n.
  rewrite -subr_gt0 (_ : _ - _ = (2%:R * (T%:R + 1))^-1); first by rewrite invr_gt0 mulr_gt0 ?ltr0n.
  by numerals; field; rewrite gt_eqF.
split=> // [t||T]; [|by rewrite /gain; ground | by rewrite product].
have t2 : 1 < (t%:R + 2) ^+ 2 :> R.
  by numerals; rewrite -natrD exprn_egt1 // ltr1n addn2.
have t0 : 0 < (t%:R + 2) ^+ 2 :> R by apply: lt_trans t2; rewrite ltr01.
by rewrite /slope div1r subr_gt0 invf_lt1 // t2 /= ltr_subl_addr ltr_addl invr_gt0.
Qed.

End Refutations.
