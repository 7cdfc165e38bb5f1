(** A diagonal scaling by Perron vectors: for every t above the spectral radius of |W| there is an invertible
    diagonal L with ||L W L^-1|| <= t.

    For M = |W| and t > rho(M), the determinant of s - M is positive for all s >= t. Then (t - M) x = h has
    a solution x >= 0 for every h >= 0, by induction on the size, with M = [[a, b], [c, M']]:

    * The determinant of s - M' is positive for all s >= t. Otherwise let l >= t be its largest root. For
      s > l there is a vector u >= 0 with (s - M') u = c, so that
      det(s - M) = (s - a - b u) det(s - M') <= (s - a) det(s - M'). By continuity det(l - M) <= 0.
    * Hence there are u, v >= 0 with (t - M') u = c and (t - M') v = h', and t - a - b u > 0 as a quotient
      of determinants. Let z = (h_0 + b v)/(t - a - b u). Then x = (z, z u + v) solves the equation.

    So there are x > 0 and y > 0 with M x <= t x and M^T y <= t y. Let l_i^2 = y_i/x_i and p_i = l_i x_i.
    Then B = L M L^-1 obeys B p <= t p and B^T p <= t p, whence 2 u^T B v <= t (|u|^2 + |v|^2), from
    2 u_i v_j <= u_i^2 p_j/p_i + v_j^2 p_i/p_j. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf ring.
From errorflow Require Import vocabulary spectral_norm spectral_radius numerical_range order_rules.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Positive.
Variable R : rcfType.

(** No entry is negative. *)
Definition nonnegative m n (A : 'M[R]_(m, n)) := forall i j, 0 <= A i j.

Lemma nonnegative_mul m n p (A : 'M[R]_(m, n)) (B : 'M[R]_(n, p)) :
  nonnegative A -> nonnegative B -> nonnegative (A *m B).
Proof. by move=> A_ge0 B_ge0 i j; rewrite mxE; apply: sumr_ge0 => k _; apply: mulr_ge0. Qed.

(** The characteristic polynomial at t. *)
Lemma char_poly_horner n (M : 'M[R]_n) t : (char_poly M).[t] = \det (t%:M - M).
Proof.
rewrite -horner_evalE -det_map_mx; congr (\det _); apply/matrixP => i j.
by rewrite !mxE /= /horner_eval hornerD hornerN hornerC hornerMn hornerX.
Qed.

Lemma number_scalar_mx (c : R) : number (c%:M : 'M[R]_1) = c.
Proof. by rewrite /number mxE eqxx. Qed.

(** A monic polynomial is positive beyond its roots. *)
Lemma monic_positive (p : {poly R}) t : p \is monic -> (forall s, t <= s -> ~~ root p s) ->
  forall s, t <= s -> 0 < p.[s].
Proof.
move=> p_monic p_noroot s t_le; rewrite -sgr_cp0.
rewrite (@sgp_pinftyP _ t p) ?in_itv /= ?andbT //; last by move=> z; rewrite in_itv /= andbT => /p_noroot.
by rewrite /sgp_pinfty (monicP p_monic) sgr1.
Qed.

(** If it is not positive somewhere, it has a largest root. *)
Lemma largest_root (p : {poly R}) t : p \is monic -> p.[t] <= 0 ->
  exists s, [/\ t <= s, p.[s] = 0 & forall z, s < z -> 0 < p.[z]].
Proof.
move=> p_monic p_le0; have p_neq0 := monic_neq0 p_monic.
have mem_roots z : (z \in rootsR p) = root p z by rewrite -roots_on_rootsR // in_itv.
pose s := \big[Num.max/t]_(z <- rootsR p) z.
have root_le z : root p z -> z <= s.
  rewrite -mem_roots /s; elim: (rootsR p) => // y l IHl.
  by rewrite inE big_cons le_maxr => /orP[/eqP->|/IHl->]; rewrite ?lexx ?orbT.
have t_le : t <= s.
  by rewrite /s; elim: (rootsR p) => [|y l IHl]; rewrite ?big_nil // big_cons le_maxr IHl orbT.
have s_or : s = t \/ root p s.
  rewrite -mem_roots /s; elim: (rootsR p) => [|y l IHl]; first by rewrite big_nil; left.
  rewrite big_cons; case: leP => _; rewrite inE ?eqxx; last by right.
  by case: IHl => [->|s_l]; [left | right; rewrite s_l orbT].
have beyond z : s < z -> 0 < p.[z].
  move=> s_lt; apply: (monic_positive p_monic) (lexx z) => y z_le.
  by apply: contraTN (lt_le_trans s_lt z_le) => /root_le; rewrite leNgt.
exists s; split=> //; case: s_or => [s_eq|/rootP //].
have s1_gt0 : 0 < p.[s + 1] by apply: beyond; rewrite ltr_addl ltr01.
have [||z] := @Num.Theory.poly_ivt _ p s (s + 1).
- by rewrite ler_addl ler01.
- by rewrite {1}s_eq p_le0 ltW.
move=> /andP[s_le _] z_root.
by apply/rootP; rewrite (_ : s = z) //; apply/le_anti; rewrite s_le root_le.
Qed.

(** A polynomial that is not negative to the right of s is not negative at s. *)
Lemma limit_ge0 (p : {poly R}) s : (forall z, s < z -> 0 <= p.[z]) -> 0 <= p.[s].
Proof.
move=> p_ge0; case: leP => // p_lt0; have gap_gt0 : 0 < - p.[s] by rewrite oppr_gt0.
have [d d_gt0 d_near] := poly_cont s p gap_gt0.
have half_gt0 : 0 < d / 2%:R by rewrite divr_gt0 ?ltr0n.
have s_lt : s < s + d / 2%:R by rewrite ltr_addl.
have /d_near : `|s + d / 2%:R - s| < d.
  by rewrite addrC addKr gtr0_norm // ltr_pdivr_mulr ?ltr0n // ltr_pmulr // ltr1n.
move/(le_lt_trans (ler_norm _)); rewrite ltr_subl_addr addNr => p_lt.
by have := p_ge0 _ s_lt; rewrite leNgt p_lt.
Qed.

(** The determinant of a matrix of blocks. *)
Lemma det_schur n (B : 'M[R]_(1 + n)) (u : 'cV[R]_n) : drsubmx B *m u = - dlsubmx B ->
  \det B = number (ulsubmx B + ursubmx B *m u) * \det (drsubmx B).
Proof.
move=> Bu; pose U : 'M[R]_(1 + n) := block_mx 1%:M 0 u 1%:M.
have detU : \det U = 1 by rewrite det_lblock !det1 mulr1.
rewrite -[LHS]mulr1 -detU -det_mulmx -[B in B *m _]submxK mulmx_block Bu !mulmx1 !mulmx0 !add0r subrr.
by rewrite det_ublock [\det (_ + _)]det_mx11.
Qed.

(** The equation (t - M) x = h. *)
Definition solvable n (M : 'M[R]_n) t :=
  forall h : 'cV[R]_n, nonnegative h -> exists x : 'cV[R]_n, nonnegative x /\ (t%:M - M) *m x = h.

Lemma nonnegative_solution_step n :
  (forall (M : 'M[R]_n) t, nonnegative M -> (forall s, t <= s -> 0 < \det (s%:M - M)) -> solvable M t) ->
  forall (M : 'M[R]_(1 + n)) t, nonnegative M -> (forall s, t <= s -> 0 < \det (s%:M - M)) -> solvable M t.
Proof.
move=> IHn M t M_ge0 det_gt0 h h_ge0.
pose a := ulsubmx M; pose b := ursubmx M; pose c := dlsubmx M; pose M' := drsubmx M.
have b_ge0 : nonnegative b by move=> i j; rewrite !mxE.
have c_ge0 : nonnegative c by move=> i j; rewrite !mxE.
have M'_ge0 : nonnegative M' by move=> i j; rewrite !mxE.
have blockE s : s%:M - M = block_mx (s%:M - a) (- b) (- c) (s%:M - M') :> 'M[R]_(1 + n).
  have -> : M = block_mx a b c M' by rewrite submxK.
  by rewrite scalar_mx_block opp_block_mx add_block_mx !add0r.
have schur s u : (s%:M - M') *m u = c -> \det (s%:M - M) = number (s%:M - a - b *m u) * \det (s%:M - M').
  move=> Mu; rewrite blockE (@det_schur _ _ u) ?block_mxKul ?block_mxKur ?block_mxKdr ?block_mxKdl ?opprK //.
  by rewrite mulNmx.
have det'_gt0 s : t <= s -> 0 < \det (s%:M - M').
  move=> t_le; case: leP => //; rewrite -char_poly_horner => /(largest_root
    (char_poly_monic _))[l [s_le l_root beyond]].
  have beyond' z : l < z -> 0 < \det (z%:M - M') by rewrite -char_poly_horner; apply: beyond.
  have : 0 <= (char_poly M' * ('X - (number a)%:P) - char_poly M).[l].
    apply: limit_ge0 => z l_lt.
    have [|u [u_ge0 Mu]] := IHn M' z M'_ge0 _ c c_ge0.
      by move=> y z_le; apply: beyond'; apply: lt_le_trans z_le.
    rewrite !hornerE !char_poly_horner (schur _ _ Mu) mulrC -mulrBl mulr_ge0 ?(ltW (beyond' _ l_lt)) //.
    rewrite !numberB number_scalar_mx opprB addrC subrK.
    exact: nonnegative_mul.
  rewrite !hornerE l_root mul0r add0r oppr_ge0 char_poly_horner leNgt det_gt0 //.
  exact: le_trans s_le.
have [u [u_ge0 Mu]] := IHn M' t M'_ge0 det'_gt0 c c_ge0.
have [|v [v_ge0 Mv]] := IHn M' t M'_ge0 det'_gt0 (dsubmx h).
  by move=> i j; rewrite !mxE.
pose s := number (t%:M - a - b *m u).
have s_gt0 : 0 < s.
  by rewrite -(pmulr_lgt0 _ (det'_gt0 t (lexx t))) -schur // det_gt0.
pose z := number (usubmx h + b *m v) / s.
have z_ge0 : 0 <= z.
  rewrite divr_ge0 ?(ltW s_gt0) // numberD addr_ge0 //; first by rewrite /number !mxE.
  exact: nonnegative_mul.
exists (col_mx z%:M (z *: u + v)); split.
  move=> k j; rewrite -[k]splitK; case: (split k) => l /=.
    by rewrite col_mxEu !mxE mulrb; case: ifP.
  by rewrite col_mxEd !mxE; apply: addr_ge0; [apply: mulr_ge0 => //; apply: u_ge0 | apply: v_ge0].
rewrite blockE mul_block_col !mulNmx !mul_mx_scalar !mulmxDr -!scalemxAr Mu Mv addKr.
rewrite -[RHS]vsubmxK; congr col_mx.
rewrite [LHS]mx11_scalar [RHS]mx11_scalar; congr _%:M.
have -> : forall A : 'M[R]_1, A 0 0 = number A by [].
have -> : number (z *: (t%:M - a) - (z *: (b *m u) + b *m v)) = z * s - number (b *m v).
  by rewrite /s !(numberB, numberD, numberZ); ring.
by rewrite /z divfK ?gt_eqF // numberD addrK.
Qed.

Lemma nonnegative_solution n (M : 'M[R]_n) t : nonnegative M ->
  (forall s, t <= s -> 0 < \det (s%:M - M)) -> solvable M t.
Proof.
elim: n M t => [|n IHn] M t M_ge0 det_gt0; last exact: (nonnegative_solution_step IHn).
by move=> h h_ge0; exists h; split=> //; apply/matrixP; case.
Qed.

End Positive.

Section Scaling.
Variables (R : rcfType) (n : nat).

(** Above the spectral radius the determinant is positive. *)
Lemma det_positive (M : 'M[R]_n) t : radius M < t -> forall s, t <= s -> 0 < \det (s%:M - M).
Proof.
move=> radius_lt s t_le; rewrite -char_poly_horner.
apply: monic_positive (char_poly_monic M) _ _ t_le => z z_ge; apply/negP => z_root.
have : eigenvalue (map_mx (real_complex R) M) (real_complex R z).
  by rewrite eigenvalue_root_char -map_char_poly fmorph_root.
move/modulus_le_radius; rewrite /modulus /= expr0n addr0 sqrtr_sqr leNgt => /negP; apply.
exact: lt_le_trans (lt_le_trans radius_lt z_ge) (ler_norm z).
Qed.

(** A positive vector x with M x <= t x. *)
Lemma perron_vector (M : 'M[R]_n) t : nonnegative M -> 0 < t -> (forall s, t <= s -> 0 < \det (s%:M - M)) ->
  exists x : 'cV[R]_n, forall i, 0 < x i 0 /\ (M *m x) i 0 <= t * x i 0.
Proof.
move=> M_ge0 t_gt0 det_gt0.
have [|x [x_ge0 Mx]] := nonnegative_solution M_ge0 det_gt0 (h := const_mx 1).
  by move=> i j; rewrite mxE ler01.
exists x => i; have Mx_ge0 : 0 <= (M *m x) i 0 by apply: nonnegative_mul.
have : t * x i 0 - (M *m x) i 0 = 1.
  by move/colP/(_ i): Mx; rewrite mulmxBl mul_scalar_mx !mxE.
move/eqP; rewrite subr_eq => /eqP tx; split; last by rewrite tx ler_addr ler01.
by rewrite -(pmulr_rgt0 _ t_gt0) tx; apply: lt_le_trans ltr01 _; rewrite ler_addl.
Qed.

(** Schur's test: B p <= t p and B^T p <= t p for the absolute values of B. *)
Lemma schur_test (B : 'M[R]_n) (p : 'I_n -> R) t : 0 <= t -> (forall i, 0 < p i) ->
  (forall i, \sum_j `|B i j| * p j <= t * p i) -> (forall j, \sum_i `|B i j| * p i <= t * p j) ->
  norm B <= t.
Proof.
move=> t_ge0 p_gt0 rows cols; apply: norm_le_bilinear => // u v.
have mean_le i j : 2%:R * (B i j * (u i 0 * v j 0))
    <= `|B i j| * (u i 0 ^+ 2 * (p j / p i)) + `|B i j| * (v j 0 ^+ 2 * (p i / p j)).
  have p_neq0 k : p k != 0 by rewrite gt_eqF.
  apply: le_trans (_ : `|B i j| * (2%:R * `|u i 0 * v j 0|) <= _).
    rewrite [X in _ <= X]mulrCA ler_wpmul2l ?ler0n //; apply: le_trans (ler_norm _) _.
    by rewrite normrM.
  rewrite -mulrDr ler_wpmul2l // -subr_ge0.
  have completed (a b c d : R) : c != 0 -> d != 0 ->
      a ^+ 2 * (d / c) + b ^+ 2 * (c / d) - 2%:R * (a * b) = (a * d - b * c) ^+ 2 / (c * d).
    by move=> c_neq0 d_neq0; field; rewrite c_neq0 d_neq0.
  rewrite -[u i 0 ^+ 2]real_normK ?num_real // -[v j 0 ^+ 2]real_normK ?num_real // normrM completed //.
  by rewrite divr_ge0 ?sqr_ge0 // mulr_ge0 ?(ltW (p_gt0 _)).
rewrite number_form mulrDr; apply: le_trans (_ : \sum_i \sum_j 2%:R * (B i j * (u i 0 * v j 0)) <= _).
  by rewrite mulr_sumr; apply: ler_sum => i _; rewrite mulr_sumr.
apply: le_trans (ler_sum _ (fun i _ => ler_sum _ (fun j _ => mean_le i j))) _.
under eq_bigr do rewrite big_split; rewrite big_split /= !squareE !mulr_sumr; apply: ler_add.
  apply: ler_sum => i _; rewrite [t * _]mulrC.
  have -> : \sum_j `|B i j| * (u i 0 ^+ 2 * (p j / p i)) = u i 0 ^+ 2 / p i * \sum_j `|B i j| * p j.
    by rewrite mulr_sumr; apply: eq_bigr => j _; rewrite mulrCA [p j / _]mulrC; ring.
  apply: le_trans (ler_wpmul2l _ (rows i)) _; first by rewrite divr_ge0 ?sqr_ge0 // ltW.
  by rewrite mulrCA -mulrA mulVf ?mulr1 ?gt_eqF // mulrC.
rewrite exchange_big; apply: ler_sum => j _; rewrite [t * _]mulrC.
have -> : \sum_i `|B i j| * (v j 0 ^+ 2 * (p i / p j)) = v j 0 ^+ 2 / p j * \sum_i `|B i j| * p i.
  by rewrite mulr_sumr; apply: eq_bigr => i _; ring.
apply: le_trans (ler_wpmul2l _ (cols j)) _; first by rewrite divr_ge0 ?sqr_ge0 // ltW.
by rewrite mulrCA -mulrA mulVf ?mulr1 ?gt_eqF // mulrC.
Qed.

(** The scaling by Perron vectors. *)
Lemma perron_scaling (W : 'M[R]_n) t : perron_radius W < t ->
  exists L, [/\ is_diag_mx L, L \in unitmx & norm (L *m W *m invmx L) <= t].
Proof.
move=> radius_lt; have t_gt0 : 0 < t by apply: le_lt_trans radius_lt; apply: complex_radius_ge0.
have abs_ge0 : nonnegative (absolute W) by move=> i j; rewrite mxE.
have abs_tr_ge0 : nonnegative (absolute W)^T by move=> i j; rewrite !mxE.
have det_gt0 := det_positive radius_lt.
have det_tr_gt0 s : t <= s -> 0 < \det (s%:M - (absolute W)^T).
  by move/det_gt0; rewrite -det_tr linearB /= tr_scalar_mx.
have [x x_perron] := perron_vector abs_ge0 t_gt0 det_gt0.
have [y y_perron] := perron_vector abs_tr_ge0 t_gt0 det_tr_gt0.
pose l i := Num.sqrt (y i 0 / x i 0); pose p i := l i * x i 0.
have x_gt0 i : 0 < x i 0 by case: (x_perron i).
have y_gt0 i : 0 < y i 0 by case: (y_perron i).
have l_gt0 i : 0 < l i by rewrite sqrtr_gt0 divr_gt0.
have p_gt0 i : 0 < p i by rewrite mulr_gt0.
have lp i : l i * p i = y i 0.
  by rewrite /p mulrA -expr2 sqr_sqrtr ?divfK ?gt_eqF // divr_ge0 // ltW.
pose L : 'M[R]_n := diag_mx (\row_i l i); pose L' : 'M[R]_n := diag_mx (\row_i (l i)^-1).
have LL' : L' *m L = 1%:M.
  apply/matrixP => i j; rewrite mul_diag_mx !mxE.
  by case: eqP => [->|_]; rewrite ?mulr0n ?mulr0 // mulr1n mulVf // gt_eqF.
have unitL : L \in unitmx by have [] := mulmx1_unit LL'.
have invL : invmx L = L' by rewrite -[L']mulmx1 -(mulmxV unitL) mulmxA LL' mul1mx.
exists L; split=> //; first exact: diag_mx_is_diag.
have entryE i j : `|(L *m W *m invmx L) i j| = l i * absolute W i j / l j.
  by rewrite invL mul_mx_diag mul_diag_mx !mxE !normrM normfV !(gtr0_norm (l_gt0 _)).
apply: (schur_test (ltW t_gt0) p_gt0) => k.
  apply: le_trans (_ : l k * (absolute W *m x) k 0 <= _).
    rewrite mxE mulr_sumr; apply: ler_sum => j _; rewrite entryE.
    by rewrite /p mulrA divfK ?gt_eqF // mulrA lexx.
  by rewrite /p mulrCA ler_pmul2l //; case: (x_perron k).
apply: le_trans (_ : (l k)^-1 * ((absolute W)^T *m y) k 0 <= _).
  rewrite mxE mulr_sumr; apply: ler_sum => i _; rewrite entryE -lp [(_)^T _ _]mxE.
  have shuffle (a b c d : R) : a * b * c * d = c * (b * (a * d)) by ring.
  by rewrite shuffle lexx.
rewrite -(ler_pmul2l (l_gt0 k)) mulrA mulfV ?gt_eqF // mul1r mulrCA lp.
by case: (y_perron k).
Qed.

End Scaling.

(** s(|A|) <= rho(|A|). *)
Theorem iInf_norm_conj_abs_le_radius (R : rcfType) (n : nat) (diagonal_scaling_norm : 'M[R]_n -> R)
    (A : 'M[R]_n) :
  (0 < n)%N ->
  is_diagonal_scaling_norm diagonal_scaling_norm ->
  diagonal_scaling_norm (absolute A) <= perron_radius A.
Proof.
move=> n_gt0 is_s; have <- : perron_radius (absolute A) = perron_radius A.
  by congr radius; apply/matrixP => i j; rewrite !mxE normr_id.
case: leP => // radius_lt; have [t_gt t_lt] := midf_lt radius_lt.
have [L [diagL unitL norm_le_t]] := perron_scaling t_gt.
have := le_trans (iInf_norm_conj_le (absolute A) n_gt0 is_s diagL unitL) norm_le_t.
by rewrite leNgt t_lt.
Qed.
