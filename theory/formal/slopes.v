(** Slopes of the usual activations, and how fast they change.

    logistic s: slope s (1 - s), in (0, 1/4], with 1/4 at 0 alone. tanh h: slope 1 - h^2, in (0, 1], with
    1 at 0 alone. softplus: the logistic function, in (0, 1). ReLU: 0 or 1, and none at the kink.
    The slope of tanh changes at most at the rate 4 / (3 sqrt 3), that of the logistic function at most at
    the rate 1 / (6 sqrt 3); both rates are attained. *)

From Coq Require Import Reals Lra ssreflect.
From Coquelicot Require Import Coquelicot.

Local Open Scope R_scope.

(** * Monotone by the sign of the derivative *)

Lemma slope_between (f f' : R -> R) (a b : R) :
  a <= b -> (forall x, a <= x <= b -> is_derive f x (f' x)) ->
  exists c, a <= c <= b /\ f b - f a = f' c * (b - a).
Proof.
move=> ab df.
have [||c] := MVT_gen f a b f'; rewrite Rmin_left ?Rmax_right //.
- by move=> x [ax xb]; apply: df; lra.
- move=> x axb; apply/continuity_pt_filterlim; apply: ex_derive_continuous.
  by exists (f' x); exact: df.
- by move=> cab; exists c.
Qed.

Lemma rises (f f' : R -> R) (a b : R) :
  a <= b -> (forall x, a <= x <= b -> is_derive f x (f' x)) -> (forall x, a <= x <= b -> 0 <= f' x) ->
  f a <= f b.
Proof.
move=> ab df f'0; have [c [cab fE]] := slope_between f f' a b ab df.
by have : 0 <= f' c * (b - a); [apply: Rmult_le_pos; [exact: f'0 | lra] | lra].
Qed.

Lemma falls (f f' : R -> R) (a b : R) :
  a <= b -> (forall x, a <= x <= b -> is_derive f x (f' x)) -> (forall x, a <= x <= b -> f' x <= 0) ->
  f b <= f a.
Proof.
move=> ab df f'0.
suff : - f a <= - f b by lra.
apply: (rises (fun x => - f x) (fun x => - f' x)) => // x axb.
- by apply: is_derive_opp; exact: df.
- by have := f'0 x axb; lra.
Qed.

(** * The logistic function *)

Definition logistic (a : R) : R := / (1 + exp (- a)).

Lemma logistic_bounds a : 0 < logistic a < 1.
Proof.
have e := exp_pos (- a); rewrite /logistic; split; first by apply: Rinv_0_lt_compat; lra.
by rewrite -{2}Rinv_1; apply: Rinv_lt_contravar; lra.
Qed.

Lemma logistic_opp a : logistic (- a) = 1 - logistic a.
Proof.
have e := exp_pos a; have e' := exp_pos (- a).
by rewrite /logistic Ropp_involutive exp_Ropp; field; split; lra.
Qed.

Lemma logistic_half a : logistic a = 1 / 2 -> a = 0.
Proof.
move=> half; have e := exp_pos (- a).
have : exp (- a) = 1.
  suff : 1 + exp (- a) = 2 by lra.
  by rewrite -(Rinv_inv (1 + exp (- a))) -/(logistic a) half; field.
by move=> e1; have : - a = 0; [apply: exp_inv; rewrite exp_0 | lra].
Qed.

(** The slope of the logistic function s is s (1 - s). *)
Theorem logistic_derivative a : is_derive logistic a (logistic a * (1 - logistic a)).
Proof.
have e := exp_pos (- a); rewrite /logistic; auto_derive; first lra.
by field; lra.
Qed.

(** It lies in (0, 1/4]. *)
Theorem logistic_slope a : 0 < logistic a * (1 - logistic a) <= 1 / 4.
Proof.
have [s0 s1] := logistic_bounds a; split; first by apply: Rmult_lt_0_compat; lra.
by have := pow2_ge_0 (logistic a - 1 / 2); lra.
Qed.

(** It is 1/4 at 0 and nowhere else. *)
Theorem logistic_slope_attained a : logistic a * (1 - logistic a) = 1 / 4 <-> a = 0.
Proof.
split=> [slope|->]; last by rewrite /logistic Ropp_0 exp_0; field.
by apply: logistic_half; apply: Rminus_diag_uniq; apply: Rsqr_0_uniq; rewrite /Rsqr; nra.
Qed.

(** * tanh *)

(** tanh is the logistic function, stretched and shifted. *)
Theorem tanh_is_logistic a : tanh a = 2 * logistic (2 * a) - 1.
Proof.
have e := exp_pos a; rewrite /tanh /sinh /cosh /logistic !exp_Ropp.
rewrite (_ : 2 * a = a + a) ?exp_plus; last ring.
by field; nra.
Qed.

(** The slope of tanh is 1 - tanh^2. *)
Theorem tanh_derivative a : is_derive tanh a (1 - tanh a ^ 2).
Proof.
apply: (is_derive_ext (fun a => 2 * logistic (2 * a) - 1)) => [x|]; first by rewrite tanh_is_logistic.
have ds := logistic_derivative (2 * a).
have ex : ex_derive logistic (2 * a) by exists (logistic (2 * a) * (1 - logistic (2 * a))).
auto_derive => //.
by rewrite (is_derive_unique _ _ _ ds) tanh_is_logistic; ring.
Qed.

Lemma tanh_bounds a : -1 < tanh a < 1.
Proof. by rewrite tanh_is_logistic; have := logistic_bounds (2 * a); lra. Qed.

Lemma tanh_opp a : tanh (- a) = - tanh a.
Proof. by rewrite !tanh_is_logistic (_ : 2 * - a = - (2 * a)) ?logistic_opp; ring. Qed.

(** It lies in (0, 1]. *)
Theorem tanh_slope a : 0 < 1 - tanh a ^ 2 <= 1.
Proof. by have h := tanh_bounds a; split; nra. Qed.

(** It is 1 at 0 and nowhere else. *)
Theorem tanh_slope_attained a : 1 - tanh a ^ 2 = 1 <-> a = 0.
Proof.
split=> [slope|->]; last by rewrite /tanh sinh_0; rewrite /Rdiv Rmult_0_l; ring.
suff : 2 * a = 0 by lra.
apply: logistic_half; apply: Rminus_diag_uniq; apply: Rsqr_0_uniq.
by move: slope; rewrite tanh_is_logistic /Rsqr; nra.
Qed.

(** tanh grows. *)
Theorem tanh_lt a b : a < b -> tanh a < tanh b.
Proof.
move=> ab; have [|x _|c [_ growth]] := slope_between tanh (fun a => 1 - tanh a ^ 2) a b; first lra.
  exact: tanh_derivative.
by have : 0 < (1 - tanh c ^ 2) * (b - a); [apply: Rmult_lt_0_compat; have := tanh_slope c; lra | lra].
Qed.

Theorem tanh_grows a b : a <= b -> tanh a <= tanh b.
Proof. by case=> [/tanh_lt|->]; lra. Qed.

Lemma tanh_nonneg a : 0 <= a -> 0 <= tanh a.
Proof.
have tanh0 : tanh 0 = 0 by rewrite /tanh sinh_0 /Rdiv Rmult_0_l.
by move=> /tanh_grows; rewrite tanh0.
Qed.

(** tanh(ln r) is a rational function of r. *)
Theorem tanh_ln r : 0 < r -> tanh (ln r) = (r ^ 2 - 1) / (r ^ 2 + 1).
Proof.
move=> r0; rewrite /tanh /sinh /cosh exp_Ropp exp_ln //.
by field; nra.
Qed.

(** * Curvature: how fast the slopes of tanh and of the logistic function change *)

Lemma cubic_bound u : -1 < u < 1 -> Rabs (2 * u * (1 - u ^ 2)) <= 4 / (3 * sqrt 3).
Proof.
move=> u1; have q : sqrt 3 * sqrt 3 = 3 by apply: sqrt_sqrt; lra.
have q0 : 0 < sqrt 3 by apply: sqrt_lt_R0; lra.
have -> : 4 / (3 * sqrt 3) = 4 * sqrt 3 / 9.
  by apply: (Rmult_eq_reg_r (3 * sqrt 3)); [field_simplify; [nra | lra] | lra].
set c := sqrt 3 / 3; have c2 : c * c = 1 / 3 by rewrite /c; nra.
have c0 : 1 / 2 < c by rewrite /c; nra.
have tangent v : -1 < v < 1 -> 2 * v * (1 - v ^ 2) <= 4 * c / 3.
  move=> v1; suff : 0 <= 2 * ((v - c) ^ 2 * (v + 2 * c)) by nra.
  have := Rmult_le_pos _ _ (pow2_ge_0 (v - c)) (_ : 0 <= v + 2 * c); lra.
have -> : 4 * sqrt 3 / 9 = 4 * c / 3 by rewrite /c; field.
apply: Rabs_le; split; last exact: tangent.
by have := tangent (- u); lra.
Qed.

(** The second derivative of tanh, and its largest absolute value. *)
Theorem tanh_second_derivative a : is_derive (fun a => 1 - tanh a ^ 2) a (- 2 * tanh a * (1 - tanh a ^ 2)).
Proof.
have dh := tanh_derivative a.
have ex : ex_derive tanh a by exists (1 - tanh a ^ 2).
auto_derive => //.
by rewrite (is_derive_unique _ _ _ dh); ring.
Qed.

Theorem tanh_curvature a : Rabs (- 2 * tanh a * (1 - tanh a ^ 2)) <= 4 / (3 * sqrt 3).
Proof.
rewrite -Rabs_Ropp (_ : - _ = 2 * tanh a * (1 - tanh a ^ 2)); last ring.
exact/cubic_bound/tanh_bounds.
Qed.

Theorem tanh_curvature_attained : exists a, Rabs (- 2 * tanh a * (1 - tanh a ^ 2)) = 4 / (3 * sqrt 3).
Proof.
have q : sqrt 3 * sqrt 3 = 3 by apply: sqrt_sqrt; lra.
have q0 : 0 < sqrt 3 by apply: sqrt_lt_R0; lra.
have r0 : 0 < sqrt (2 + sqrt 3) by apply: sqrt_lt_R0; lra.
exists (- ln (sqrt (2 + sqrt 3))).
have -> : tanh (- ln (sqrt (2 + sqrt 3))) = - / sqrt 3.
  rewrite tanh_opp tanh_ln // pow2_sqrt; last lra.
  congr (- _); apply: (Rmult_eq_reg_r ((2 + sqrt 3 + 1) * sqrt 3)); last nra.
  by field_simplify; [nra | lra | lra].
rewrite (_ : - 2 * - / sqrt 3 * (1 - (- / sqrt 3) ^ 2) = 4 / (3 * sqrt 3)).
  by apply: Rabs_pos_eq; apply: Rlt_le; apply: Rdiv_lt_0_compat; lra.
have -> : (- / sqrt 3) ^ 2 = / (sqrt 3 * sqrt 3) by field; lra.
rewrite q.
by field; lra.
Qed.

(** Hence the slope of tanh is Lipschitz with the same constant. *)
Theorem tanh_slope_lipschitz a b :
  Rabs ((1 - tanh b ^ 2) - (1 - tanh a ^ 2)) <= 4 / (3 * sqrt 3) * Rabs (b - a).
Proof.
apply: (bounded_variation (fun a => 1 - tanh a ^ 2) (fun a => - 2 * tanh a * (1 - tanh a ^ 2))) => t _.
by split; [exact: tanh_second_derivative | exact: tanh_curvature].
Qed.

(** The same for the logistic function. *)
Theorem logistic_second_derivative a :
  is_derive (fun a => logistic a * (1 - logistic a)) a
            (logistic a * (1 - logistic a) * (1 - 2 * logistic a)).
Proof.
have ds := logistic_derivative a.
have ex : ex_derive logistic a by exists (logistic a * (1 - logistic a)).
auto_derive => //.
by rewrite (is_derive_unique _ _ _ ds); ring.
Qed.

Theorem logistic_curvature a :
  Rabs (logistic a * (1 - logistic a) * (1 - 2 * logistic a)) <= 1 / (6 * sqrt 3).
Proof.
have s := logistic_bounds a; set u := 1 - 2 * logistic a.
have q0 : 0 < sqrt 3 by apply: sqrt_lt_R0; lra.
have -> : 1 / (6 * sqrt 3) = / 8 * (4 / (3 * sqrt 3)) by field; lra.
have -> : logistic a * (1 - logistic a) * u = / 8 * (2 * u * (1 - u ^ 2)) by rewrite /u; field.
rewrite Rabs_mult (Rabs_pos_eq (/ 8)); last lra.
by apply: Rmult_le_compat_l; [lra | apply: cubic_bound; rewrite /u; lra].
Qed.

Theorem logistic_curvature_attained :
  exists a, Rabs (logistic a * (1 - logistic a) * (1 - 2 * logistic a)) = 1 / (6 * sqrt 3).
Proof.
have [a attained] := tanh_curvature_attained; exists (2 * a).
have q0 : 0 < sqrt 3 by apply: sqrt_lt_R0; lra.
have -> : 1 / (6 * sqrt 3) = / 8 * (4 / (3 * sqrt 3)) by field; lra.
rewrite -attained -{1}(Rabs_pos_eq (/ 8)) -?Rabs_mult; last lra.
by congr Rabs; rewrite tanh_is_logistic; field.
Qed.

(** * Softplus and the piecewise linear activations *)

Definition softplus (a : R) : R := ln (1 + exp a).

(** The slope of softplus is the logistic function, in (0, 1) by logistic_bounds. *)
Theorem softplus_derivative a : is_derive softplus a (logistic a).
Proof.
have e := exp_pos a; rewrite /softplus; auto_derive; first lra.
by rewrite /logistic exp_Ropp; field; lra.
Qed.

(** The ReLU is the leaky ReLU with c = 0. *)
Definition relu (a : R) : R := Rmax 0 a.
Definition leaky_relu (c a : R) : R := Rmax 0 a + c * Rmin 0 a.

Lemma relu_is_leaky a : leaky_relu 0 a = relu a.
Proof. by rewrite /leaky_relu /relu; ring. Qed.

(** The slope of the leaky ReLU is 1 above 0 and c below 0. *)
Theorem leaky_relu_derivative c a :
  (0 < a -> is_derive (leaky_relu c) a 1) /\ (a < 0 -> is_derive (leaky_relu c) a c).
Proof.
split=> sign.
- apply: (is_derive_ext_loc (fun x => x)); last exact: is_derive_id.
  exists (mkposreal a sign) => x /Rabs_lt_between' /= near.
  by rewrite /leaky_relu Rmax_right ?Rmin_left; lra.
- apply: (is_derive_ext_loc (fun x => c * x)); last by auto_derive; [| ring].
  have sign' : 0 < - a by lra.
  exists (mkposreal (- a) sign') => x /Rabs_lt_between' /= near.
  by rewrite /leaky_relu Rmax_left ?Rmin_right; lra.
Qed.

(** The slope of ReLU is 1 above 0 and 0 below 0. *)
Theorem relu_derivative a : (0 < a -> is_derive relu a 1) /\ (a < 0 -> is_derive relu a 0).
Proof.
have [above below] := leaky_relu_derivative 0 a.
by split=> sign; apply: (is_derive_ext (leaky_relu 0)); auto using relu_is_leaky.
Qed.

(** ReLU has no slope at 0. *)
Theorem relu_kink : ~ ex_derive relu 0.
Proof.
case=> l /is_derive_Reals dl; have [d near] := dl (1 / 2) ltac:(lra).
have d0 := cond_pos d; set h := d / 2.
have h0 : 0 < h by rewrite /h; lra.
have /Rabs_def2 := near h ltac:(lra) ltac:(rewrite Rabs_pos_eq /h; lra).
have /Rabs_def2 := near (- h) ltac:(lra) ltac:(rewrite Rabs_Ropp Rabs_pos_eq /h; lra).
rewrite /relu !Rplus_0_l !(Rmax_right 0 0) ?(Rmax_left 0 (- h)) ?(Rmax_right 0 h); try lra.
have -> : (h - 0) / h = 1 by field; lra.
have -> : (0 - 0) / - h = 0 by field; lra.
by lra.
Qed.
