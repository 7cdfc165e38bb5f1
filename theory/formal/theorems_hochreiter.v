(** Weights of at most w_max make the error flow D_t W ... D_{t-k+1} W fall like tau^k, tau = gamma n w_max
    (Hochreiter 1991).

    An entry of the product of k factors is a sum over n^(k-1) paths, each at most (gamma w_max)^k: at most
    tau^k / n. The constant matrix attains this for every k. The printed constant n tau^k is n^2 too large.
    With such entries the spectral norm is at most tau^k; by the largest absolute row sum it is at most
    sqrt(n) (gamma ||W||)^k. Step by step the sum over paths is an equality. Logistic slopes lie between 0
    and 1/4, so that tau = n w_max / 4. *)

From mathcomp Require Import all_ssreflect all_algebra ring.
From errorflow Require Import vocabulary spectral_norm ordered_products norm_rules theorems_scaling.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * The bounds *)

(** n^(k-1) paths, each at most c^k. *)
Lemma path_count (R : rcfType) (n : nat) (c : R) (k : int) :
  (0 < n)%N -> n%:R ^ (k - 1) * c ^ k = (n%:R * c) ^ k / n%:R.
Proof.
move=> n_gt0; have n_neq0 : n%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
by rewrite expfzDr // exprN1 expfzMl mulrAC.
Qed.

(** Weights of at most w_max bound every entry of the error flow by (gamma n w_max)^k / n. *)
Theorem theorem_hochreiter1991_entry (R : rcfType) (n : nat) (D : int -> 'M[R]_n) (W : 'M[R]_n) (gamma : R)
    (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  1 <= k ->
  max_abs (chain (fun j => D j *m W) (t - k + 1) t) <= (gamma * n%:R * max_abs W) ^ k / n%:R.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 D_diag D_le k_ge1.
have first_le : t - k + 1 <= t by rewrite -addrA ger_addl addrC subr_le0.
have paths : t - (t - k + 1) = k - 1 by ring.
apply: le_trans (entry_prod_le _ n_gt0 first_le) _.
rewrite (mulrC gamma) -mulrA -path_count // paths; apply: ler_wpmul2l; first by rewrite exprz_ge0 ?ler0n.
rewrite -[k in leRHS](lag_count k t) -prod_const ?lag_count //; apply: product_over_le => i _.
rewrite max_abs_ge0 /=; apply: le_trans (entry_diag_mul_le _ (D_diag i)) _.
by rewrite mulrC; apply: ler_wpmul2r (max_abs_ge0 W) _ _ (D_le i).
Qed.

(** The printed bound n tau^k follows, with a constant that is n^2 too large. *)
Theorem theorem_hochreiter1991_printed (R : rcfType) (n : nat) (D : int -> 'M[R]_n) (W : 'M[R]_n) (gamma : R)
    (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  1 <= k ->
  1 <= n%:R :> R ->
  max_abs (chain (fun j => D j *m W) (t - k + 1) t) <= n%:R * (gamma * n%:R * max_abs W) ^ k.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 D_diag D_le k_ge1 n_ge1.
apply: le_trans (theorem_hochreiter1991_entry _ _ n_gt0 gamma_ge0 k_ge0 D_diag D_le k_ge1) _.
have tau_ge0 := mulr_ge0 (mulr_ge0 gamma_ge0 (ler0n R n)) (max_abs_ge0 W).
rewrite mulrC; apply: ler_wpmul2r; first exact: exprz_ge0.
by apply: (le_trans _ n_ge1); rewrite invf_le1 ?ltr0n.
Qed.

(** Weights of at most w_max bound the error flow in the spectral norm by (gamma n w_max)^k. *)
Theorem theorem_hochreiter1991_max_weight (R : rcfType) (n : nat) (jacobian_norm : int -> R)
    (D : int -> 'M[R]_n) (W : 'M[R]_n) (gamma : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  1 <= k ->
  jacobian_norm k <= (gamma * n%:R * max_abs W) ^ k.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 D_diag D_le -> k_ge1.
have n_gt0R : 0 < n%:R :> R by rewrite ltr0n.
apply: le_trans (norm_le_n_max_abs _ n_gt0) _; rewrite mulrC -ler_pdivl_mulr //.
exact: theorem_hochreiter1991_entry gamma_ge0 k_ge0 D_diag D_le k_ge1.
Qed.

(** The largest absolute row sum bounds the error flow by sqrt(n) (gamma ||W||)^k. *)
Theorem theorem_hochreiter1991_row_sum (R : rcfType) (n : nat) (jacobian_norm : int -> R) (D : int -> 'M[R]_n)
    (W : 'M[R]_n) (gamma : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  jacobian_norm k <= Num.sqrt n%:R * (gamma * row_sum_norm W) ^ k.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 D_diag D_le ->.
apply: le_trans (norm_le_sqrt_row_sum _ n_gt0) _; apply: ler_wpmul2l; first exact: sqrtr_ge0.
rewrite mulrC; exact: theorem_untied_row_sum_norm gamma_ge0 k_ge0 D_diag D_le _.
Qed.

(** * The sum over paths *)

(** The error flow between two units is a sum over paths, one step at a time: from unit u back to unit v
    over every unit j between them. *)
Theorem theorem_hochreiter1991_path_sum (R : rcfType) (n : nat) (D F : int -> 'M[R]_n) (W : 'M[R]_n)
    (i u v : int) :
  (0 < n)%N ->
  is_diag_mx (D i) ->
  F (i - 1) = F i *m D i *m W ->
  entry (F (i - 1)) u v = sum_over (fun j => entry (D i) j j * entry (F i) u j * entry W j v) 1 n.
Proof.
move=> n_gt0 D_diag flow; rewrite flow -mulmxA mul_apply // /sum_over.
by apply: eq_bigr => j _; rewrite diag_mul_apply //; ring.
Qed.

(** * The bound is attained, and what it says for logistic units *)

(** The powers of a constant matrix: n^(k-1) equal paths. *)
Lemma constant_paths (R : rcfType) (n : nat) (c : R) (a : int) (k : nat) (u v : 'I_n) :
  factors (fun=> const_mx c) a k.+1 u v = n%:R ^+ k * c ^+ k.+1.
Proof.
elim: k u v => [|k IHk] u v; first by rewrite /= mulmx1 mxE mul1r.
rewrite -[factors _ _ _]/(const_mx c *m factors (fun=> const_mx c) a k.+1) mxE.
rewrite (eq_bigr (fun=> c * (n%:R ^+ k * c ^+ k.+1))) => [|j _]; last by rewrite mxE IHk.
by rewrite sumr_const card_ord -mulr_natl !exprS; ring.
Qed.

(** Let every weight be w_max and every slope 1/4. Then every entry of the error flow over q steps is
    (n w_max / 4)^q / n. *)
Theorem theorem_hochreiter1991_tight (R : rcfType) (n : nat) (wmax : R) (q t : int) (u v : 'I_n) :
  (0 < n)%N ->
  0 <= wmax ->
  1 <= q ->
  let D := fun _ : int => (1 / 4%:R)%:M : 'M[R]_n in
  let W := const_mx wmax : 'M[R]_n in
  chain (fun j => D j *m W) (t - q + 1) t u v = (n%:R * wmax / 4%:R) ^ q / n%:R.
Proof.
move=> n_gt0 _ q_ge1 D W.
rewrite (eq_chain (B := fun=> const_mx (wmax / 4%:R))) => [|i _]; last first.
  by apply/matrixP => x y; rewrite mul_scalar_mx !mxE mul1r mulrC.
rewrite /chain /steps lag_count -mulrA -path_count //.
case: q q_ge1 => [[|q]|q] // _; rewrite constant_paths.
by have -> : q.+1%:Z - 1 = q by rewrite -addn1 PoszD addrK.
Qed.

Lemma max_abs_const (R : rcfType) (n : nat) (c : R) :
  (0 < n)%N -> 0 <= c -> max_abs (const_mx c : 'M[R]_n) = c.
Proof.
case: n => // n _ c_ge0; apply: le_anti; apply/andP; split.
  by apply: max_abs_le => // i j; rewrite mxE ger0_norm.
by have := le_max_abs (const_mx c : 'M[R]_n.+1) 0 0; rewrite mxE ger0_norm.
Qed.

Lemma max_abs_scalar_le (R : rcfType) (n : nat) (c : R) : 0 <= c -> max_abs (c%:M : 'M[R]_n) <= c.
Proof.
move=> c_ge0; apply: max_abs_le => // i j; rewrite mxE.
by case: (i == j); rewrite ?mulr1n ?mulr0n ?normr0 ?ger0_norm.
Qed.

(** So the bound on an entry is attained for every size, every largest weight and every lag. *)
Theorem theorem_hochreiter1991_entry_attained (R : rcfType) (n : nat) (wmax : R) (k t : int) :
  (0 < n)%N ->
  0 <= wmax ->
  1 <= k ->
  exists (D : int -> 'M[R]_n) (W : 'M[R]_n),
    [/\ forall i, is_diag_mx (D i), forall i, max_abs (D i) <= 1 / 4%:R, max_abs W = wmax
      & max_abs (chain (fun j => D j *m W) (t - k + 1) t) = (1 / 4%:R * n%:R * max_abs W) ^ k / n%:R].
Proof.
move=> n_gt0 wmax_ge0 k_ge1; exists (fun=> (1 / 4%:R)%:M), (const_mx wmax).
have quarter_ge0 : 0 <= 1 / 4%:R :> R := divr_ge0 ler01 (ler0n R 4).
split=> [i|i||]; [exact: scalar_mx_is_diag | exact: max_abs_scalar_le | exact: max_abs_const |].
rewrite max_abs_const //.
have -> : chain (fun=> (1 / 4%:R)%:M *m const_mx wmax) (t - k + 1) t
          = const_mx ((1 / 4%:R * n%:R * wmax) ^ k / n%:R) :> 'M[R]_n.
  apply/matrixP => u v; rewrite theorem_hochreiter1991_tight // mxE.
  by congr (_ ^ k / _); ring.
have rate_ge0 := mulr_ge0 (mulr_ge0 quarter_ge0 (ler0n R n)) wmax_ge0.
exact: max_abs_const (divr_ge0 (exprz_ge0 k rate_ge0) (ler0n R n)).
Qed.

(** Logistic units: slopes in [0, 1/4] and weights of at most w_max in modulus. Then no entry of the error
    flow over k steps is above (n w_max / 4)^k / n, nor above the printed n (n w_max / 4)^k, which falls
    with k if n w_max < 4. *)
Theorem theorem_hochreiter1991_logistic (R : rcfType) (n : nat) (D : int -> 'M[R]_n) (W : 'M[R]_n) (wmax : R)
    (k t : int) :
  (forall i, is_diag_mx (D i)) ->
  (forall i u, 0 <= D i u u <= 1 / 4%:R) ->
  (forall u v, `|W u v| <= wmax) ->
  0 <= wmax ->
  1 <= k ->
  let tau := n%:R * wmax / 4%:R in
  forall u v : 'I_n,
    let flow := chain (fun j => D j *m W) (t - k + 1) t u v in
    [/\ `|flow| <= tau ^ k / n%:R, `|flow| <= n%:R * tau ^ k & n%:R * wmax < 4%:R -> 0 <= tau < 1].
Proof.
move=> D_diag D_slope W_le wmax_ge0 k_ge1 tau u v flow.
have n_gt0 : (0 < n)%N by apply: leq_ltn_trans (ltn_ord u).
have k_ge0 : 0 <= k by apply: le_trans k_ge1.
have quarter_ge0 : 0 <= 1 / 4%:R :> R := divr_ge0 ler01 (ler0n R 4).
have D_le i : max_abs (D i) <= 1 / 4%:R.
  apply: max_abs_le => // x y; have [->|x_neq_y] := eqVneq x y.
    by have /andP[slope_ge0 slope_le] := D_slope i y; rewrite ger0_norm.
  by have /is_diag_mxP-> := D_diag i; rewrite ?normr0.
have tau_ge0 : 0 <= tau := divr_ge0 (mulr_ge0 (ler0n R n) wmax_ge0) (ler0n R 4).
have rate_le : 1 / 4%:R * n%:R * max_abs W <= tau.
  have -> : tau = 1 / 4%:R * n%:R * wmax by rewrite /tau; ring.
  by apply: ler_wpmul2l; [rewrite mulr_ge0 ?ler0n | exact: max_abs_le].
have flow_le : `|flow| <= tau ^ k / n%:R.
  apply: le_trans (le_max_abs _ u v) _.
  apply: le_trans (theorem_hochreiter1991_entry W t n_gt0 quarter_ge0 k_ge0 D_diag D_le k_ge1) _.
  apply: ler_wpmul2r; first by rewrite invr_ge0 ler0n.
  by apply: ler_wpexpz2r; rewrite ?nnegrE // (mulr_ge0 (mulr_ge0 quarter_ge0 (ler0n R n)) (max_abs_ge0 W)).
split=> [//||small].
  apply: le_trans flow_le _; rewrite mulrC; apply: ler_wpmul2r; first exact: exprz_ge0.
  have n_ge1 : 1 <= n%:R :> R by rewrite ler1n.
  by apply: (le_trans _ n_ge1); rewrite invf_le1 ?ltr0n.
by rewrite tau_ge0 ltr_pdivr_mulr ?ltr0n // mul1r.
Qed.
