(** Refutations: what training does to the error flow, and what a regularizer measures. *)

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

(** False: the regularizer with the ratio of norms and the one with the ratio of their squares rank
    networks alike. *)
Theorem refutes_squared_norm_ratio :
  let error : 'rV[R]_1 := mat1 1 in
  let J : 'M[R]_1 := mat1 0 in
  let K : 'M[R]_1 := mat1 (3 / 2) in
  let ratio := fun A : 'M[R]_1 => length (error *m A)^T / length error^T in
  [/\ 0 < square error^T, (ratio K - 1) ^+ 2 = 1 / 4 /\ (ratio J - 1) ^+ 2 = 1,
     (ratio K - 1) ^+ 2 < (ratio J - 1) ^+ 2,
     (ratio K ^+ 2 - 1) ^+ 2 = 25 / 16 /\ (ratio J ^+ 2 - 1) ^+ 2 = 1
    & ~~ ((ratio K ^+ 2 - 1) ^+ 2 < (ratio J ^+ 2 - 1) ^+ 2)].
Proof.
move=> error J K ratio.
have length1 a : 0 <= a -> length (mat1 a)^T = a.
  by move=> a_ge0; rewrite /length squareE big_ord1 !mxE /= mulr1n sqrtr_sqr ger0_norm.
have ratioE a : 0 <= a -> ratio (mat1 a) = a.
  move=> a_ge0; rewrite /ratio [error *m _]mat1M mul1r length1 // [length error^T]length1 ?ler01 //.
  by rewrite divr1.
have ratioK : ratio K = 3 / 2 by apply: ratioE; ground.
have ratioJ : ratio J = 0 by apply: ratioE.
rewrite ratioK ratioJ; split; [|by split; ground|by ground|by split; ground|by rewrite -leNgt; ground].
by rewrite squareE big_ord1 !mxE /= expr1n ltr01.
Qed.

(** False: training raises a spectral radius that is below one. The loss of the linear unit w with gain g
    at lag d is g^2/(1 - w^2) - 2 g w^d + 1 = P/Q, and at w = 1/2 gradient descent moves w with the
    velocity -5/18. *)
Theorem refutes_descent_always_raises_the_radius :
  let w : R := 1 / 2 in
  let gain : R := 1 in
  let lag := 3%N in
  let Q : {poly R} := 1 - 'X^2 in
  let P := (gain ^+ 2)%:P - (2 * gain)%:P * 'X^lag * Q + Q in
  let velocity := - (P^`() * Q - P * Q^`()).[w] / Q.[w] ^+ 2 in
  [/\ 0 < w, 0 < gain, velocity = - (5 / 18) & ~~ (0 < velocity)].
Proof.
move=> w gain lag Q P velocity.
have velocityE : velocity = - (5 / 18).
  rewrite /velocity /P /Q !derivE !hornerE /= /w /gain /lag !expr1n.
  by ground.
split=> //; [by rewrite /w; ground | by rewrite /gain; ground |].
by rewrite velocityE -leNgt; ground.
Qed.

(** The linear network h_t = W h_{t-1} + b u_t, y = c^T h is to recall the input of [lag] steps before.
    With white input its loss over the steps is the sum of the squares of these errors, c^T W^j b - [j =
    lag]. *)
Section Recall.
Variables (n lag steps : nat) (W : 'M[R]_n.+1) (b c : 'cV[R]_n.+1).

Definition recall_error j : R := number (c^T *m W ^+ j *m b) - (j == lag)%:R.
Definition recall_loss : R := \sum_(0 <= j < steps) recall_error j ^+ 2.

(** Its derivatives with respect to c, b and W, the last one the sum over all copies of W. *)
Definition by_c : 'cV[R]_n.+1 := \sum_(0 <= j < steps) (2 * recall_error j) *: (W ^+ j *m b).
Definition by_b : 'cV[R]_n.+1 := \sum_(0 <= j < steps) (2 * recall_error j) *: ((W ^+ j)^T *m c).
Definition by_W : 'M[R]_n.+1 :=
  \sum_(0 <= j < steps) \sum_(0 <= i < j)
    (2 * recall_error j) *: ((W ^+ i)^T *m c *m (W ^+ (j - 1 - i) *m b)^T).

End Recall.

(** False: if training makes the loss of recalling lag d zero, errors have flowed back to W. One step of
    gradient descent of length 1/2 on all parameters takes the loss from 1 to 0, and dL/dW is zero before
    and after it. *)
Theorem refutes_learnt_lag_from_error_flow :
  let W : 'M[R]_5 := shift R 5 in
  let b : 'cV[R]_5 := delta_mx 0 0 in
  let c : 'cV[R]_5 := 0 in
  let lag := 4%N in
  let steps := 8%N in
  let W' := W - (1 / 2) *: by_W lag steps W b c in
  let b' := b - (1 / 2) *: by_b lag steps W b c in
  let c' := c - (1 / 2) *: by_c lag steps W b c in
  let largest := Num.max (max_abs (by_W lag steps W b c)) (max_abs (by_W lag steps W' b' c')) in
  [/\ recall_loss lag steps W b c = 1, recall_loss lag steps W' b' c' = 0, largest = 0 & ~~ (0 < largest)].
Proof.
move=> W b c lag steps W' b' c' largest.
have before j : recall_error lag W b c j = - (j == lag)%:R.
  by rewrite /recall_error trmx0 !mul0mx /number mxE add0r.
have by_W0 : by_W lag steps W b c = 0.
  by rewrite /by_W big1 // => j _; rewrite big1 // => i _; rewrite mulmx0 mul0mx scaler0.
have by_b0 : by_b lag steps W b c = 0 by rewrite /by_b big1 // => j _; rewrite mulmx0 scaler0.
have W'E : W' = W by rewrite /W' by_W0 scaler0 subr0.
have b'E : b' = b by rewrite /b' by_b0 scaler0 subr0.
have c'E : c' = W ^+ lag *m b.
  rewrite /c' sub0r /by_c (bigD1_seq lag) ?iota_uniq ?mem_index_iota //= big1 => [|j /negPf j_neq].
    rewrite addr0 before eqxx scalerA -scaleNr -[RHS]scale1r; congr (_ *: _); ground.
  by rewrite before j_neq oppr0 mulr0 scale0r.
have after j : recall_error lag W b c' j = 0.
  rewrite /recall_error c'E -mulmxA numberE.
  have column k i : (W ^+ k *m b) i 0 = (i == k :> nat)%:R by rewrite -colE mxE shiftX.
  under eq_bigr do rewrite !column.
  rewrite (bigD1 (inord 4)) //= inordK // eqxx mul1r big1 => [|i /negPf i_neq].
    by rewrite addr0 eq_sym subrr.
  by have -> : (i == lag :> nat) = false; [rewrite -[RHS]i_neq -val_eqE /= inordK | rewrite mul0r].
have by_W'0 : by_W lag steps W' b' c' = 0.
  rewrite W'E b'E /by_W big1 // => j _; rewrite big1 // => i _.
  by rewrite after mulr0 scale0r.
have max0 : max_abs (0 : 'M[R]_5) = 0.
  by apply/le_anti; rewrite max_abs_ge0 andbT max_abs_le // => i j; rewrite mxE normr0.
have largest0 : largest = 0 by rewrite /largest by_W0 by_W'0 max0 maxxx.
split=> //; last by rewrite largest0 ltxx.
  rewrite /recall_loss (bigD1_seq lag) ?iota_uniq ?mem_index_iota //= big1 => [|j /negPf j_neq].
    by rewrite addr0 before eqxx sqrrN expr1n.
  by rewrite before j_neq oppr0 expr0n.
by rewrite W'E b'E /recall_loss big1 // => j _; rewrite after expr0n.
Qed.

End Refutations.
