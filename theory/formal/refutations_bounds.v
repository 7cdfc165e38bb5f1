(** Refutations: constants and hypotheses of the bounds: a sign that is dropped, a constant that is taken
    to be attained, a norm for columns that is applied to a row. *)

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

(** False: the sharp uniform bound needs no more than |phi'| <= gamma. With one slope below zero the norm
    over seven steps is above 2 (11/10)^7, although |z* W z| <= |z|^2. These are slopes of SiLU
    (refutations_slopes.v). *)
Theorem refutes_largest_slope_alone :
  let W : 'M[R]_2 := mat2 1 1 (-1) (-1) in
  let slopes := [:: row2 (109 / 100) (-9 / 100)] in
  let repeats := 7%N in
  let gamma : R := 11 / 10 in
  let J := jacobian W (repeated slopes repeats) in
  [/\ forall d i, d \in slopes -> `|d 0 i| <= gamma, forall r, numerical_value W r -> r <= 1
    & ~~ (norm J <= 2 * (gamma * 1) ^+ repeats)].
Proof.
move=> W slopes repeats gamma J; split=> [d i|r|].
- rewrite inE => /eqP ->; rewrite mxE ler_norml /gamma.
  by case: ifP => _; apply/andP; split; ground.
- move=> /numerical_value_mat2 [x1 [x2 [y1 [y2 [unit ->]]]]].
  rewrite -[X in _ <= X]sqrtr1 ler_wsqrtr //.
  rewrite -subr_ge0; numerals; set value := (X in 1 - X).
  have -> : 1 - value = (2%:R * (x1 * x2 + y1 * y2)) ^+ 2
                        + (1 - (x1 ^+ 2 + x2 ^+ 2 + y1 ^+ 2 + y2 ^+ 2) ^+ 2).
    by rewrite /value; ring.
  by rewrite unit expr1n subrr addr0 sqr_ge0.
rewrite -ltNge.
have large : (59 / 50) ^+ 6 * (3 / 2) <= norm J.
  apply: (@norm_ge _ _ _ _ (col2 1 1)); first by ground.
    by rewrite col2_neq0 ?oner_eq0.
  rewrite /J jacobian_repeated jacobian1 mat2_diag mat2M mat2_pow_singular; last by ground.
  by rewrite mat2Z mat2_col !square_col2; ground.
by apply: lt_le_trans large; rewrite /gamma; ground.
Qed.

(** False: the bound n tau^q with tau = n w_max/4 on an entry of the error flow is attained, for the
    logistic function with slopes of at most 1/4. For two units, weights up to 1 and two steps no entry
    exceeds 1/8, which is attained. *)
Theorem refutes_printed_constant_attained :
  let n := 2%N in
  let w_max : R := 1 in
  let lag := 2%N in
  let tau := n%:R * w_max / 4 in
  let admissible := fun (W : 'M[R]_n) (slopes : seq 'rV[R]_n) =>
    [/\ forall i j, `|W i j| <= w_max, size slopes = lag
      & forall d i, d \in slopes -> 0 <= d 0 i <= 1 / 4] in
  [/\ 0 < w_max, tau < 1, forall W slopes i j, admissible W slopes -> `|jacobian W slopes i j| <= 1 / 8,
     exists W slopes, admissible W slopes /\ jacobian W slopes = const_mx (1 / 8)
    & ~~ (1 / 8 == n%:R * tau ^+ lag)].
Proof.
move=> n w_max lag tau admissible; split; rewrite /tau /n /w_max /lag; try by ground.
- move=> W [|d [|e [|f s]]] i j [W_le] //= _ slopes_le; rewrite mul1mx mxE.
  have step (f : 'rV[R]_2) k l : f \in [:: d; e] -> `|(diag_mx f *m W) k l| <= 1 / 4.
    move=> f_in; have /andP [f_ge0 f_le] := slopes_le f k f_in.
    rewrite mul_diag_mx mxE normrM ger0_norm // -[1 / 4]mulr1.
    by rewrite ler_pmul // W_le.
  apply: le_trans (ler_norm_sum _ _ _) _; rewrite sum2 !normrM.
  have -> : 1 / 8 = 1 / 4 * (1 / 4) + 1 / 4 * (1 / 4) :> R by ground.
  by rewrite ler_add // ler_pmul // step ?inE ?eqxx ?orbT.
exists (const_mx 1), [:: row2 (1 / 4) (1 / 4); row2 (1 / 4) (1 / 4)]; split.
  split=> // [i j|d i]; first by rewrite mxE normr1.
  by rewrite !inE orbb => /eqP ->; rewrite mxE; case: ifP => _; apply/andP; split; ground.
rewrite jacobian2 mat2_diag (_ : const_mx 1 = mat2 1 1 1 1); last by apply: eq_mat2; rewrite !mxE.
by rewrite !mat2M [RHS]mat2E !mxE; congr mat2; ground.
Qed.

(** False: |e_u W| <= ||W|| |e_u| for a row and the operator norm of columns. In the norm that sums moduli,
    W stretches no column by more than its largest column sum, which is 1; the row e_1 W has the norm 2. *)
Theorem refutes_row_vector_with_column_norm :
  let W : 'M[R]_2 := mat2 1 1 0 0 in
  let unit := 0 : 'I_2 in
  let sum_norm := fun m n (A : 'M[R]_(m, n)) => \sum_i \sum_j `|A i j| in
  [/\ row_sum_norm W^T = 1, forall x : 'cV_2, sum_norm _ _ (W *m x) <= 1 * sum_norm _ _ x,
     sum_norm _ _ (delta_mx 0 unit : 'rV_2) = 1, sum_norm _ _ (row unit W) = 2
    & ~~ (sum_norm _ _ (row unit W) <= row_sum_norm W^T * sum_norm _ _ (delta_mx 0 unit : 'rV_2))].
Proof.
move=> W unit sum_norm.
have columns : row_sum_norm W^T = 1.
  apply/le_anti/andP; split.
    rewrite /row_sum_norm; elim/big_ind: _ => [|x y x_le y_le|i _]; [exact: ler01 | by rewrite max_le x_le |].
    by rewrite sum2 !mxE; case: (ord2 i) => -> /=; rewrite normr0 normr1 addr0.
  apply: le_trans (le_bigmax _ (mem_index_enum (0 : 'I_2))).
  by rewrite sum2 !mxE /= normr0 normr1 addr0.
have one : sum_norm _ _ (delta_mx 0 unit : 'rV_2) = 1.
  by rewrite /sum_norm big_ord1 sum2 !mxE /= normr1 normr0 addr0.
have two : sum_norm _ _ (row unit W) = 2.
  by rewrite /sum_norm big_ord1 sum2 !mxE /= normr1; ground.
split=> // [x|]; last by rewrite columns one two -ltNge; ground.
rewrite /sum_norm !sum2 !big_ord1 mul1r [x]col2E mat2_col !mxE /= !mul0r addr0 normr0 addr0 !mul1r.
exact: ler_norm_add.
Qed.

End Refutations.
