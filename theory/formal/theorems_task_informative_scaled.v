(** The part of the total gradient that knows one input, under a diagonal scaling L with entries of at least 1
    in modulus: max_abs (L^-1) <= 1.

    The trajectories L h, L a, L S obey the equations of theorems_task_informative.v with W_L = L W L^-1,
    V_L = L V L^-1, c_L^T = c^T L^-1 and z_L = L z, for D_t commutes with L. With the mean slopes M_t,
    h_t - h~_t = M_t (a_t - a~_t), the scaled activation is Lipschitz; and the slopes are, since

      max |D_t - D~_t| <= gamma_2 max |L^-1 L (a_t - a~_t)| <= gamma_2 ||L (a_t - a~_t)||.

    As c^T S_T = c_L^T (L S_T), the bound follows with eta >= gamma ||L W L^-1||, which can be far below
    gamma ||W||, and with ||V_L||, ||c_L||, sigma_B and H in scaled coordinates. *)

From mathcomp Require Import all_ssreflect all_algebra.
From errorflow Require Import vocabulary norm_rules task_informative_steps.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The inverse of a diagonal matrix is diagonal. *)
Lemma inverse_diagonal (R : rcfType) (n : nat) (L : 'M[R]_n) : is_diag_mx L -> is_diag_mx (invmx L).
Proof.
have [Lu diagL|Lu] := boolP (L \in unitmx); last by rewrite invmx_out.
have entries i j : L i i * invmx L i j = (i == j)%:R by rewrite -diag_mul_entry // mulmxV // mxE.
apply/is_diag_mxP => i j ij; have := entries i i; rewrite eqxx => Li.
have Li_neq0 : L i i != 0 by apply: contra_eq_neq Li => ->; rewrite mul0r eq_sym oner_eq0.
by apply: (mulfI Li_neq0); rewrite entries mulr0 -val_eqE (negPf ij).
Qed.

(** The part of the expected total gradient that knows the target falls like k eta^(k-1) wherever some
    diagonal scaling makes the network contract. *)
Theorem theorem_task_informative_gradient_scaled (R : rcfType) (Omega : Type) (E : expectation R Omega)
    (n : nat) (D Dtilde : int -> Omega -> 'M[R]_n) (W_L : 'M[R]_n)
    (Stilde_L htilde_L : int -> Omega -> 'cV[R]_n) (z_L : Omega -> 'cV[R]_n)
    (c_L : 'cV[R]_n) (L : 'M[R]_n)
    (h h_L a a_L S_ S_L htilde atilde atilde_L Stilde : int -> Omega -> 'cV[R]_n)
    (M : int -> Omega -> 'M[R]_n) (W V V_L : 'M[R]_n) (c : 'cV[R]_n) (z : Omega -> 'cV[R]_n)
    (gamma eta gamma_2 H sigma_star : R) (y_star : Omega -> R) (sigma_B : R) (k T : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= gamma_2 ->
  0 <= k ->
  0 < T ->
  integrable E (fun o => y_star o * number (c^T *m S_ T o)) ->
  (forall (i : int) (o : Omega), is_diag_mx (D i o)) ->
  (forall (i : int) (o : Omega), max_abs (D i o) <= gamma) ->
  (forall (i : int) (o : Omega), is_diag_mx (Dtilde i o)) ->
  (forall (i : int) (o : Omega), max_abs (Dtilde i o) <= gamma) ->
  gamma * norm W_L <= eta ->
  eta < 1 ->
  0 <= gamma_2 ->
  (forall o : Omega, norm (Stilde_L 0 o) = 0) ->
  1 <= k ->
  1 <= T - k ->
  (forall i : int, integrable E (fun o => norm (htilde_L i o))) ->
  (forall i : int, mean E (fun o => norm (htilde_L i o)) <= H) ->
  integrable E (fun o => `|y_star o| ^+ 2) ->
  mean E (fun o => `|y_star o| ^+ 2) <= sigma_star ^+ 2 ->
  integrable E (fun o => (norm (z_L o)) ^+ 2) ->
  mean E (fun o => (norm (z_L o)) ^+ 2) <= sigma_B ^+ 2 ->
  0 <= sigma_star ->
  0 <= sigma_B ->
  integrable E (fun o => y_star o) ->
  mean E (fun o => y_star o) = 0 ->
  integrable E (fun o => y_star o * number (c_L^T *m Stilde_L T o)) ->
  integrable E (fun o => number (c_L^T *m Stilde_L T o)) ->
  mean E (fun o => y_star o * number (c_L^T *m Stilde_L T o))
    = mean E (fun o => y_star o) * mean E (fun o => number (c_L^T *m Stilde_L T o)) ->
  (forall i : int, integrable E (fun o => `|y_star o| * norm (htilde_L i o) * norm (z_L o))) ->
  integrable E (fun o => `|y_star o| * norm (z_L o)) ->
  (forall i : int, mean E (fun o => `|y_star o| * norm (htilde_L i o) * norm (z_L o))
    = mean E (fun o => `|y_star o| * norm (z_L o)) * mean E (fun o => norm (htilde_L i o))) ->
  (forall i : int, integrable E (fun o => `|y_star o| * norm (Stilde_L i o) * norm (z_L o))) ->
  (forall i : int, integrable E (fun o => norm (Stilde_L i o))) ->
  (forall i : int, mean E (fun o => `|y_star o| * norm (Stilde_L i o) * norm (z_L o))
    = mean E (fun o => `|y_star o| * norm (z_L o)) * mean E (fun o => norm (Stilde_L i o))) ->
  is_diag_mx L ->
  max_abs (invmx L) <= 1 ->
  (forall (i : int) (o : Omega), h_L i o = L *m h i o) ->
  (forall (i : int) (o : Omega), a_L i o = L *m a i o) ->
  (forall (i : int) (o : Omega), S_L i o = L *m S_ i o) ->
  (forall (i : int) (o : Omega), htilde_L i o = L *m htilde i o) ->
  (forall (i : int) (o : Omega), atilde_L i o = L *m atilde i o) ->
  (forall (i : int) (o : Omega), Stilde_L i o = L *m Stilde i o) ->
  (forall (i : int) (o : Omega), h i o = invmx L *m h_L i o) ->
  (forall (i : int) (o : Omega), a i o = invmx L *m a_L i o) ->
  (forall (i : int) (o : Omega), S_ i o = invmx L *m S_L i o) ->
  (forall (i : int) (o : Omega), htilde i o = invmx L *m htilde_L i o) ->
  (forall (i : int) (o : Omega), atilde i o = invmx L *m atilde_L i o) ->
  (forall (i : int) (o : Omega), Stilde i o = invmx L *m Stilde_L i o) ->
  (forall (i : int) (o : Omega), h i o - htilde i o = M i o *m (a i o - atilde i o)) ->
  (forall (i : int) (o : Omega), is_diag_mx (M i o)) ->
  (forall (i : int) (o : Omega), max_abs (M i o) <= gamma) ->
  (forall (i : int) (o : Omega),
    max_abs (D i o - Dtilde i o) <= gamma_2 * max_abs (a i o - atilde i o)) ->
  W_L = L *m W *m invmx L ->
  V_L = L *m V *m invmx L ->
  c_L^T = c^T *m invmx L ->
  (forall o : Omega, z_L o = L *m z o) ->
  (forall o : Omega, a (T - k) o - atilde (T - k) o = z o) ->
  (forall (i : int) (o : Omega), T - k + 1 <= i ->
    a i o - atilde i o = W *m (h (i - 1) o - htilde (i - 1) o)) ->
  (forall o : Omega, h (T - k - 1) o = htilde (T - k - 1) o) ->
  (forall o : Omega, S_ (T - k - 1) o = Stilde (T - k - 1) o) ->
  (forall (i : int) (o : Omega), 1 <= i ->
    S_ i o = D i o *m (V *m h (i - 1) o + W *m S_ (i - 1) o)) ->
  (forall (i : int) (o : Omega), 1 <= i ->
    Stilde i o = Dtilde i o *m (V *m htilde (i - 1) o + W *m Stilde (i - 1) o)) ->
  `|mean E (fun o => y_star o * number (c^T *m S_ T o))|
  <= sigma_B * sigma_star * (k%:~R * eta ^ (k - 1) * gamma ^+ 2
    + H * gamma_2 * eta ^ k * (k%:~R + 1) / (1 - eta)) * norm V_L * norm c_L.
Proof.
move=> _ gamma_ge0 gamma_2_ge0 _ _ output_int D_diag D_le Dt_diag Dt_le contraction eta_lt1 _ no_start k_ge1
  first_ge1 ht_int ht_mean y2_int y2_mean z2_int z2_mean sigma_star_ge0 sigma_B_ge0 _ y_mean yt_int _ yt_mean
  y_ht_z_int y_z_int y_ht_z_mean y_St_z_int St_int y_St_z_mean L_diag L_entries hL aL SL htL atL StL
  hV aV SV htV atV StV mean_slopes M_diag M_le slopes W_LE V_LE c_LE z_LE new_input same_inputs same_state
  same_sensitivity S_step St_step.
have aL_gap i o : a_L i o - atilde_L i o = L *m (a i o - atilde i o) by rewrite aL atL mulmxBr.
have lipschitz i o : norm (h_L i o - htilde_L i o) <= gamma * norm (a_L i o - atilde_L i o).
  rewrite hL htL -mulmxBr mean_slopes mulmxA (diag_mul_comm L_diag (M_diag i o)) -mulmxA -aL_gap.
  by apply: diagonal_mul_le.
have smooth i o : norm (D i o - Dtilde i o) <= gamma_2 * norm (a_L i o - atilde_L i o).
  rewrite norm_diag; last first.
    apply/is_diag_mxP => p q pq.
    by rewrite !mxE (is_diag_mxP (D_diag i o)) // (is_diag_mxP (Dt_diag i o)) // subrr.
  apply: le_trans (slopes i o) _; apply: ler_wpmul2l gamma_2_ge0 _ _ _.
  rewrite aV atV -mulmxBr; apply: le_trans (entry_diag_mul_le _ (inverse_diagonal L_diag)) _.
  rewrite -[X in _ <= X]mulr1; apply: ler_pmul; rewrite ?max_abs_ge0 //.
  exact: max_abs_le_norm.
have same_state_L o : h_L (T - k - 1) o = htilde_L (T - k - 1) o by rewrite hL htL same_state.
have same_sensitivity_L o : S_L (T - k - 1) o = Stilde_L (T - k - 1) o by rewrite SL StL same_sensitivity.
have new_input_L o : a_L (T - k) o - atilde_L (T - k) o = z_L o by rewrite aL_gap new_input z_LE.
have same_inputs_L i o : T - k + 1 <= i ->
    a_L i o - atilde_L i o = W_L *m (h_L (i - 1) o - htilde_L (i - 1) o).
  by move=> i_ge; rewrite aL_gap same_inputs // hV htV -mulmxBr !mulmxA W_LE.
have step (A : 'M[R]_n) (x u xL uL : 'cV[R]_n) : is_diag_mx A -> u = invmx L *m uL -> x = invmx L *m xL ->
    L *m (A *m (V *m u + W *m x)) = A *m (V_L *m uL + W_L *m xL).
  move=> A_diag -> ->; rewrite mulmxA (diag_mul_comm L_diag A_diag) -mulmxA mulmxDr.
  by rewrite V_LE W_LE !mulmxA.
have S_step_L i o : 1 <= i -> S_L i o = D i o *m (V_L *m h_L (i - 1) o + W_L *m S_L (i - 1) o).
  by move=> i_ge1; rewrite SL S_step // (step _ _ _ _ _ (D_diag i o) (hV _ _) (SV _ _)).
have St_step_L i o : 1 <= i ->
    Stilde_L i o = Dtilde i o *m (V_L *m htilde_L (i - 1) o + W_L *m Stilde_L (i - 1) o).
  by move=> i_ge1; rewrite StL St_step // (step _ _ _ _ _ (Dt_diag i o) (htV _ _) (StV _ _)).
have outputE o : y_star o * number (c^T *m S_ T o) = y_star o * number (c_L^T *m S_L T o).
  by rewrite SV mulmxA c_LE.
exact: (informative_bound gamma_ge0 gamma_2_ge0 D_diag D_le Dt_diag Dt_le contraction eta_lt1 lipschitz smooth
  same_state_L same_sensitivity_L new_input_L same_inputs_L S_step_L St_step_L no_start first_ge1 ht_int
  ht_mean y2_int y2_mean z2_int z2_mean sigma_star_ge0 sigma_B_ge0 y_ht_z_int y_z_int y_ht_z_mean y_St_z_int
  St_int y_St_z_mean k_ge1 (esym (subrK k T)) outputE output_int y_mean yt_int yt_mean).
Qed.
