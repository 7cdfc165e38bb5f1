(** Refutations: the stability of residual networks, whose step is I + eps M. *)

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

(** False: a logarithmic norm mu(M) <= 0 keeps the Euler step I + eps M from growing. Here (M + M^T)/2 =
    -I/20, so that x^T M x = -|x|^2/20 and mu(M) = -1/20, and the eigenvalues 199/200 +- i/10 of the step
    are outside of the unit circle. *)
Theorem refutes_logarithmic_norm_of_euler_step :
  let M : 'M[R]_2 := mat2 (-1 / 20) 1 (-1) (-1 / 20) in
  let step : R := 1 / 10 in
  let E := 1%:M + step *: M in
  [/\ forall x, number (x^T *m M *m x) = -1 / 20 * square x, 0 < step,
     radius E = Num.sqrt ((199 / 200) ^+ 2 + (1 / 10) ^+ 2),
     ~~ (radius E <= 1) & forall m, Num.sqrt ((199 / 200) ^+ 2 + (1 / 10) ^+ 2) ^+ m <= norm (E ^+ m)].
Proof.
move=> M step E.
have EE : E = mat2 (199 / 200) (1 / 10) (- (1 / 10)) (199 / 200).
  by rewrite /E mat2_1 mat2Z mat2D /step; congr mat2; ground.
have radiusE : radius E = Num.sqrt ((199 / 200) ^+ 2 + (1 / 10) ^+ 2).
  rewrite EE radius_mat2_conjugate; last by ground.
  by congr (Num.sqrt _); ground.
split=> [x||//||m].
- rewrite -mulmxA [x]col2E mat2_col square_col2; move: (x 0 0) (x 1 0) => {}x y.
  by rewrite numberE sum2 !mxE /=; numerals; field.
- by rewrite /step; ground.
- by rewrite radiusE -ltNge -[X in X < _]sqrtr1 ltr_sqrt; ground.
by rewrite -radiusE radius_power_le_norm.
Qed.

(** False: eigenvalues of modulus below one of every step keep an antisymmetric network stable. Both steps
    have the radius sqrt(7/8), and their product has an eigenvalue of modulus 309/200 at least. *)
Theorem refutes_radius_of_antisymmetric_steps :
  let K : 'M[R]_2 := mat2 0 2 (-2) 0 in
  let damping : R := 1 / 2 in
  let step : R := 1 in
  let slopes := [:: row2 1 (1 / 10); row2 (1 / 10) 1] in
  let hold := 1%N in
  let E := fun d => 1%:M + step *: (diag_mx d *m (K - damping%:M)) in
  let J := foldl (fun J d => E d ^+ hold *m J) 1%:M slopes in
  [/\ K + K^T = 0, slopes_of_tanh slopes, forall d, d \in slopes -> radius (E d) < 1, ~~ (radius J <= 1)
    & forall m, (309 / 200) ^+ m <= norm (J ^+ m)].
Proof.
move=> K damping step slopes hold E J.
have E1 : E (row2 1 (1 / 10)) = mat2 (1 / 2) 2 (- (1 / 5)) (19 / 20).
  rewrite /E -[damping%:M]scalemx1 mat2_diag mat2_1 !(mat2Z, mat2N, mat2D, mat2M) /damping /step.
  by congr mat2; ground.
have E2 : E (row2 (1 / 10) 1) = mat2 (19 / 20) (1 / 5) (-2) (1 / 2).
  rewrite /E -[damping%:M]scalemx1 mat2_diag mat2_1 !(mat2Z, mat2N, mat2D, mat2M) /damping /step.
  by congr mat2; ground.
have JE : J = mat2 (87 / 200) (209 / 100) (- (11 / 10)) (- (141 / 40)).
  by rewrite /J /= mulmx1 /hold !expr1 E1 E2 mat2M; congr mat2; ground.
have radiusJ : 309 / 200 <= radius J.
  by rewrite JE; apply: radius_mat2_ge; [ground | ground | rewrite ler0_norm; ground].
split=> [||d||m].
- by rewrite mat2T mat2D [RHS]mat2_0; congr mat2; ground.
- by rewrite slopes_of_tanh_cons !slopes_of_tanh1; do !(apply/andP; split); ground.
- rewrite !inE => /orP [] /eqP ->; rewrite ?E1 ?E2 radius_mat2_conjugate; try by ground.
    by rewrite -[X in _ < X]sqrtr1 ltr_sqrt; ground.
  by rewrite -[X in _ < X]sqrtr1 ltr_sqrt; ground.
- by rewrite -ltNge; apply: lt_le_trans radiusJ; ground.
apply: le_trans (radius_power_le_norm _ _); rewrite ler_expn2r // nnegrE; last exact: radius_ge0.
by ground.
Qed.

End Refutations.
