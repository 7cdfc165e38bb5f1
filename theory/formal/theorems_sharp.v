(** A certificate for the numerical radius bounds products of masked factors uniformly (theory, claim C20).

    A step is y = S A x, S a mask: diagonal, entries in [0, 1]. So y^T (A x - y) >= 0, since d (1 - d) >= 0
    for 0 <= d <= 1.

    From a certificate: let r u^T P u + 2 v^T A u + r v^T (2 I - P) v >= 0 for all u and v. Then y^T P y <=
    r^2 x^T P x in each step, x^T P x <= 2 |x|^2 and |y|^2 <= 2 r^2 x^T P x: the energy x^T P x falls by r^2
    in every step, and entering and leaving it costs a factor of 2 each.

    From the numerical radius: let w(A) <= r. The vectors y_j after j steps, divided by r^j, are such as
    `sector_bound` speaks of: |y_k|^2 <= 4 r^(2 k) |y_0|^2. No certificate is needed, and none of the
    theorems that give one.

    In both cases a product of k factors S A has norm at most 2 r^k. A diagonal L commutes with the masks,
    so that a product of factors S W is L^-1 times the product of the factors S (L W L^-1) times L. *)

From mathcomp Require Import all_ssreflect all_algebra ring.
From errorflow Require Import vocabulary spectral_norm ordered_products norm_rules numerical_range
  masked_products.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Steps with a mask *)

Section Steps.
Variables (R : rcfType) (n : nat).
Implicit Types (A P S : 'M[R]_n) (x y : 'cV[R]_n).

(** y^T A x >= |y|^2 for such a step. *)
Lemma sector_step S A x : unit_interval S ->
  square (S *m (A *m x)) <= number ((S *m (A *m x))^T *m A *m x).
Proof.
move=> unitS; have := sector_diag (A *m x) unitS.
by rewrite -trmx_mul mulmxBr numberB subr_ge0 /square !mulmxA.
Qed.

(** The last factor of a product of masked factors, applied to a vector. *)
Lemma masked_step (S : int -> 'M[R]_n) A a k x :
  factors (fun i => S i *m A) a k.+1 *m x
  = S (a + k%:Z) *m (A *m (factors (fun i => S i *m A) a k *m x)).
Proof. by rewrite /= !mulmxA. Qed.

(** A product of masked factors in other coordinates. *)
Lemma norm_masked_conj_le (S : int -> 'M[R]_n) (L W : 'M[R]_n) a b :
  is_diag_mx L -> L \in unitmx -> (forall i, unit_interval (S i)) ->
  norm (chain (fun i => S i *m W) a b)
    <= norm (invmx L) * norm (chain (fun i => S i *m (L *m W *m invmx L)) a b) * norm L.
Proof.
move=> diagL unitL unitS; have := masked_conj W a (steps a b) diagL unitS (mulVmx unitL).
rewrite /masked -!/(chain _ a b) => ->.
apply: le_trans (norm_mul_le _ _) _; rewrite ler_wpmul2r ?norm_ge0 //.
exact: norm_mul_le.
Qed.

End Steps.

(** * From a certificate *)

Section Certificate.
Variables (R : rcfType) (n : nat) (A P : 'M[R]_n) (r : R) (S : int -> 'M[R]_n).
Hypothesis certified : forall u v : 'cV[R]_n,
  0 <= r * number (u^T *m P *m u) + r * number (v^T *m (2%:R *: 1%:M - P) *m v)
       + 2%:R * number (v^T *m A *m u).
Hypothesis r_gt0 : 0 < r.
Hypothesis unitS : forall i, unit_interval (S i).

Let energy (x : 'cV[R]_n) := number (x^T *m P *m x).

Lemma certifiedE c d (x y : 'cV[R]_n) :
  0 <= r * (c ^+ 2 * energy x) + r * (d ^+ 2 * (2%:R * square y - energy y))
       + 2%:R * (c * d * number (y^T *m A *m x)).
Proof.
have := certified (c *: x) (d *: y).
rewrite ![(_ *: _)^T]linearZ /= -!scalemxAl -!scalemxAr !scalerA !numberZ -!expr2 [d * c]mulrC.
rewrite -[y^T *m (_ - P) *m y]mulmxA mulmxBl mulmxBr -scalemxAl mul1mx -scalemxAr numberB numberZ.
by rewrite mulmxA.
Qed.

(** The energy is at most twice the squared length, and falls by r^2 in each step. *)
Lemma energy_entry x : energy x <= 2%:R * square x.
Proof.
have := certifiedE 0 1 x x; rewrite expr0n !mul0r !mulr0 add0r addr0.
by rewrite expr1n mul1r pmulr_rge0 // subr_ge0.
Qed.

Lemma energy_ge0 x : 0 <= energy x.
Proof.
have := certifiedE 1 0 x x; rewrite expr0n !mul0r !mulr0 !mul0r !mulr0 !addr0.
by rewrite expr1n mul1r pmulr_rge0.
Qed.

Lemma energy_step i x : energy (S i *m (A *m x)) <= r ^+ 2 * energy x.
Proof.
set y := S i *m (A *m x); have sector : square y <= number (y^T *m A *m x) by apply: sector_step.
rewrite -subr_ge0 -(pmulr_rge0 _ r_gt0).
have -> : r * (r ^+ 2 * energy x - energy y)
        = (r * (r ^+ 2 * energy x) + r * ((-1) ^+ 2 * (2%:R * square y - energy y))
           + 2%:R * (r * -1 * number (y^T *m A *m x))) + 2%:R * r * (number (y^T *m A *m x) - square y).
  by ring.
apply: addr_ge0; first exact: certifiedE.
by rewrite pmulr_rge0 ?subr_ge0 // mulr_gt0 ?ltr0n //.
Qed.

Lemma energy_exit i x : square (S i *m (A *m x)) <= 2%:R * r ^+ 2 * energy x.
Proof.
set y := S i *m (A *m x); have sector : square y <= number (y^T *m A *m x) by apply: sector_step.
rewrite -subr_ge0 -(@pmulr_rge0 _ (2%:R * r)) ?mulr_gt0 ?ltr0n //.
have -> : 2%:R * r * (2%:R * r ^+ 2 * energy x - square y)
        = (r * ((2%:R * r) ^+ 2 * energy x) + r * ((-1) ^+ 2 * (2%:R * square y - energy y))
           + 2%:R * (2%:R * r * -1 * number (y^T *m A *m x)))
          + (4%:R * r * (number (y^T *m A *m x) - square y) + r * energy y).
  by ring.
apply: addr_ge0; first exact: certifiedE.
apply: addr_ge0; last by rewrite mulr_ge0 ?energy_ge0 // ltW.
by rewrite pmulr_rge0 ?subr_ge0 // mulr_gt0 ?ltr0n //.
Qed.

Lemma energy_steps a k x :
  energy (factors (fun i => S i *m A) a k *m x) <= (r ^+ k) ^+ 2 * energy x.
Proof.
elim: k => [|k IHk]; first by rewrite mul1mx expr0 expr1n mul1r.
rewrite masked_step; apply: le_trans (energy_step _ _) _.
by rewrite [r ^+ k.+1]exprS exprMn -[X in _ <= X]mulrA ler_wpmul2l ?sqr_ge0.
Qed.

(** Entering and leaving the energy costs a factor of 2 each. *)
Lemma norm_certified a k : norm (factors (fun i => S i *m A) a k.+1) <= 2%:R * r ^+ k.+1.
Proof.
have rate_ge0 : 0 <= 2%:R * r ^+ k.+1 by rewrite mulr_ge0 ?ler0n ?exprn_ge0 // ltW.
apply: norm_le => // x.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?(mulr_ge0 rate_ge0) ?length_ge0 // exprMn !length_sqr masked_step.
apply: le_trans (energy_exit _ _) _.
apply: le_trans (_ : 2%:R * r ^+ 2 * ((r ^+ k) ^+ 2 * (2%:R * square x)) <= _).
  rewrite -[X in X <= _]mulrA -[X in _ <= X]mulrA ler_wpmul2l ?ler0n // ler_wpmul2l ?sqr_ge0 //.
  apply: le_trans (energy_steps a k x) _.
  by rewrite ler_wpmul2l ?sqr_ge0 ?energy_entry.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite [r ^+ k.+1]exprS; ring.
Qed.

End Certificate.

(** * The state Jacobian *)

(** The number of steps from t - k + 1 to t. *)
Lemma lag_steps (k t : int) : 0 <= k -> steps (t - k + 1) t = `|k|%N.
Proof.
move=> k_ge0; rewrite /steps.
have -> : t - (t - k + 1) + 1 = k by ring.
by case: k k_ge0.
Qed.

(** From the product of the masked factors, in the coordinates of L, back to the state Jacobian. *)
Lemma sharp_of_scaled (R : rcfType) (n : nat) (D : int -> 'M[R]_n) (W L : 'M[R]_n) (S_ : int -> 'M[R]_n)
    (gamma r : R) (k t : int) :
  (0 < n)%N -> 0 <= gamma -> 0 <= k -> is_diag_mx L -> L \in unitmx ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall i : int, D i = gamma *: S_ i) ->
  norm (chain (fun i => S_ i *m (L *m W *m invmx L)) (t - k + 1) t) <= 2%:R * r ^ k ->
  norm (chain (fun j => D j *m W) (t - k + 1) t) <= 2%:R * (r * gamma) ^ k * norm (invmx L) * norm L.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 diagL unitL unitS DE scaled_le.
have lagE : t - (t - k + 1) + 1 = k by ring.
have DWE j : factors (fun i => D i *m W) (t - k + 1) j = factors (fun i => gamma *: (S_ i *m W))
  (t - k + 1) j.
  by elim: j => //= j ->; rewrite DE -scalemxAl.
rewrite {1}/chain DWE -/(chain _ _ t) prod_smul // ?lagE //.
have gammak_ge0 : 0 <= gamma ^ k by apply: exprz_ge0.
rewrite (norm_smul _ gammak_ge0) expfzMl.
have -> : 2%:R * (r ^ k * gamma ^ k) * norm (invmx L) * norm L
          = gamma ^ k * (norm (invmx L) * (2%:R * r ^ k) * norm L) by ring.
rewrite ler_wpmul2l //; apply: le_trans (norm_masked_conj_le W _ _ diagL unitL unitS) _.
by rewrite ler_wpmul2r ?norm_ge0 // ler_wpmul2l ?norm_ge0.
Qed.

(** A product of masked factors S A is at most 2 w(A)^k. *)
Lemma norm_masked_le (R : rcfType) (n : nat) (w : 'M[R]_n -> R) (S : int ->
    'M[R]_n) (A : 'M[R]_n) (r : R) a k :
  (0 < n)%N -> is_numerical_radius w -> (forall i, unit_interval (S i)) -> 0 < r -> w A <= r ->
  norm (factors (fun i => S i *m A) a k) <= 2%:R * r ^+ k.
Proof.
move=> n_gt0 is_w unitS r_gt0 w_le.
have rate_ge0 : 0 <= 2%:R * r ^+ k by rewrite mulr_ge0 ?ler0n ?exprn_ge0 // ltW.
apply: norm_le => // x.
pose y j := (r ^+ j)^-1 *: (factors (fun i => S i *m A) a j *m x).
have sector j : r * square (y j.+1) <= number ((y j.+1)^T *m A *m y j).
  rewrite /y masked_step squareZ [(_ *: _)^T]linearZ /= -!scalemxAl -scalemxAr !scalerA numberZ.
  have -> : (r ^+ j.+1)^-1 * (r ^+ j)^-1 = r * (r ^+ j.+1)^-1 ^+ 2.
    by rewrite exprS; field; rewrite expf_neq0 ?gt_eqF.
  by rewrite mulrA ler_wpmul2l ?sector_step // mulr_ge0 ?sqr_ge0 // ltW.
have := sector_bound n_gt0 is_w k w_le sector r_gt0; rewrite /y squareZ expr0 invr1 scale1r mul1mx exprVn.
rewrite -ler_pdivl_mull ?invr_gt0 ?exprn_gt0 // invrK => square_le.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?(mulr_ge0 rate_ge0) ?length_ge0 // exprMn !length_sqr.
by apply: le_trans square_le _; rewrite exprMn -natrX mulrA [_ ^+ 2 * _]mulrC.
Qed.

(** A certificate (P, L, r) bounds the state Jacobian: ||J(t, t-k)|| <= 2 (r gamma)^k ||L^-1|| ||L||, where
    the slopes lie in [0, gamma]. *)
Theorem theorem_sharp_certificate (R : rcfType) (n : nat) (jacobian_norm : int -> R) (D : int -> 'M[R]_n)
    (W L A : 'M[R]_n) (S_ : int -> 'M[R]_n) (P : 'M[R]_n) (gamma r : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  1 <= k ->
  is_diag_mx L ->
  L \in unitmx ->
  A = L *m W *m invmx L ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall i : int, D i = gamma *: S_ i) ->
  0 <= gamma ->
  (forall (u' : 'cV[R]_n) (v' : 'cV[R]_n),
     0 <= r * number (u'^T *m P *m u') + r * number (v'^T *m (2%:R *: 1%:M - P) *m v')
          + 2%:R * number (v'^T *m A *m u')) ->
  0 < r ->
  jacobian_norm k <= 2%:R * (r * gamma) ^ k * norm (invmx L) * norm L.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 -> k_gt0 diagL unitL -> unitS DE _ certified r_gt0.
apply: (sharp_of_scaled n_gt0 gamma_ge0 k_ge0 diagL unitL unitS DE).
rewrite /chain lag_steps //; case: k k_ge0 k_gt0 => // -[|k] // _ _.
exact: norm_certified certified r_gt0 unitS _ _.
Qed.

(** The same for the certificate that was found, by the names of its rate r and of its condition ||L^-1||
    ||L||. *)
Theorem theorem_sharp_uniform (R : rcfType) (n : nat) (jacobian_norm : int -> R)
    (certificate_rate certificate_condition : 'M[R]_n -> R) (D : int -> 'M[R]_n) (W L A : 'M[R]_n)
    (S_ : int -> 'M[R]_n) (P : 'M[R]_n) (gamma r : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  1 <= k ->
  is_diag_mx L ->
  L \in unitmx ->
  A = L *m W *m invmx L ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall i : int, D i = gamma *: S_ i) ->
  0 <= gamma ->
  (forall (u' : 'cV[R]_n) (v' : 'cV[R]_n),
     0 <= r * number (u'^T *m P *m u') + r * number (v'^T *m (2%:R *: 1%:M - P) *m v')
          + 2%:R * number (v'^T *m A *m u')) ->
  0 < r ->
  certificate_rate W = r ->
  certificate_condition W = norm (invmx L) * norm L ->
  jacobian_norm k <= 2%:R * (gamma * certificate_rate W) ^ k * certificate_condition W.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 jacobianE k_gt0 diagL unitL AE unitS DE _ certified r_gt0 -> ->.
rewrite [gamma * r]mulrC mulrA.
exact: (theorem_sharp_certificate n_gt0 gamma_ge0 k_ge0 jacobianE k_gt0 diagL unitL AE unitS DE gamma_ge0
  certified r_gt0).
Qed.

(** The numerical radius under any diagonal scaling bounds the state Jacobian: ||J(t, t-k)|| <= 2 (gamma
    w)^k ||L^-1|| ||L|| for w = w(L W L^-1). *)
Theorem theorem_sharp_numerical_radius (R : rcfType) (n : nat) (numerical_radius : 'M[R]_n -> R)
    (jacobian_norm : int -> R) (D : int -> 'M[R]_n) (W L A : 'M[R]_n) (S_ : int -> 'M[R]_n) (gamma : R)
    (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  is_numerical_radius numerical_radius ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  1 <= k ->
  is_diag_mx L ->
  L \in unitmx ->
  A = L *m W *m invmx L ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall i : int, D i = gamma *: S_ i) ->
  0 <= gamma ->
  0 < numerical_radius A ->
  jacobian_norm k <= 2%:R * (gamma * numerical_radius A) ^ k * norm (invmx L) * norm L.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 is_w -> k_gt0 diagL unitL -> unitS DE _ w_gt0.
rewrite [gamma * _]mulrC; apply: (sharp_of_scaled n_gt0 gamma_ge0 k_ge0 diagL unitL unitS DE).
rewrite /chain lag_steps //; case: k k_ge0 {k_gt0} => // k _.
exact: norm_masked_le.
Qed.

(** A product of factors S W with masks S is at most 2 r^(t-s) ||L^-1|| ||L|| for every r >= w(L W L^-1). *)
Theorem theorem_sharp_masked_product (R : rcfType) (n : nat) (numerical_radius : 'M[R]_n -> R)
    (S_ : int -> 'M[R]_n) (L W : 'M[R]_n) (r : R) (s t : int) :
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  (forall i : int, unit_interval (S_ i)) ->
  is_diag_mx L ->
  L \in unitmx ->
  1 <= t - s ->
  0 < r ->
  numerical_radius (L *m W *m invmx L) <= r ->
  norm (chain (fun j => S_ j *m W) (s + 1) t) <= 2%:R * r ^ (t - s) * norm (invmx L) * norm L.
Proof.
move=> n_gt0 is_w unitS diagL unitL lag_gt0 r_gt0 w_le.
have lag_ge0 : 0 <= t - s by apply: le_trans lag_gt0.
have -> : s + 1 = t - (t - s) + 1 by rewrite subKr.
have DE i : S_ i = 1 *: S_ i by rewrite scale1r.
rewrite -[r]mulr1; apply: (sharp_of_scaled n_gt0 ler01 lag_ge0 diagL unitL unitS DE).
rewrite /chain lag_steps //; case: (t - s) lag_ge0 => // k _.
exact: norm_masked_le.
Qed.
