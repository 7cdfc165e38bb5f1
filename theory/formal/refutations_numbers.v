(** The exact norm and spectral radius of small matrices, by which the refutations decide their premises.

    The norm of a matrix [a b; c d] is the larger root s of s^2 (T - s^2) = (a d - b c)^2, T the sum of the
    squared entries. Its eigenvalues z are the roots of (z - a)(z - d) = b c. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From mathcomp Require Import ring zify.
From errorflow Require Import vocabulary spectral_norm spectral_radius refutations_common.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.
Local Open Scope complex_scope.

Section Norms.
Variable R : rcfType.

Lemma square_col2 (x y : R) : square (col2 x y) = x ^+ 2 + y ^+ 2.
Proof. by rewrite squareE sum2 !mxE. Qed.

Lemma length_pos n (v : 'cV[R]_n) : v != 0 -> 0 < length v.
Proof. by move=> v_neq0; rewrite lt_def length_eq0 v_neq0 length_ge0. Qed.

Lemma length_le_square m n (x : 'cV[R]_m) (y : 'cV[R]_n) : square x <= square y -> length x <= length y.
Proof. exact: ler_wsqrtr. Qed.

(** A vector that is stretched by c shows that the norm is at least c. *)
Lemma norm_ge m n (A : 'M[R]_(m, n)) (v : 'cV[R]_n) (c : R) :
  0 <= c -> v != 0 -> c ^+ 2 * square v <= square (A *m v) -> c <= norm A.
Proof.
move=> c_ge0 v_neq0 stretched; rewrite -(ler_pmul2r (length_pos v_neq0)).
apply: le_trans (length_mul_le A v).
by rewrite -[c]ger0_norm // -lengthZ length_le_square // squareZ.
Qed.

(** The norm of a product is at most the product of the norms. *)
Lemma norm_mul m n p (A : 'M[R]_(m, n)) (B : 'M[R]_(n, p)) : norm (A *m B) <= norm A * norm B.
Proof.
apply: norm_le => [|x]; first by rewrite mulr_ge0 ?norm_ge0.
rewrite -mulmxA -mulrA; apply: le_trans (length_mul_le _ _) _.
by rewrite ler_wpmul2l ?norm_ge0 // length_mul_le.
Qed.

(** A matrix of rank one, u v^T, has the norm |u| |v|. *)
Lemma norm_rank_one m n (u : 'cV[R]_m) (v : 'cV[R]_n) : norm (u *m v^T) = length u * length v.
Proof.
have stretch x : u *m v^T *m x = number (v^T *m x) *: u.
  by rewrite -mulmxA {1}[v^T *m x]mx11_scalar mul_mx_scalar.
have [v0|v_neq0] := eqVneq v 0.
  rewrite v0 trmx0 mulmx0; have /eqP -> : length (0 : 'cV[R]_n) == 0 by rewrite length_eq0.
  rewrite mulr0; apply/le_anti; rewrite norm_ge0 andbT.
  by apply: norm_le => // x; rewrite mul0mx mul0r le_eqVlt length_eq0 eqxx.
apply/le_anti/andP; split.
  apply: norm_le => [|x]; first by rewrite mulr_ge0 ?length_ge0.
  by rewrite stretch lengthZ mulrC -mulrA ler_wpmul2l ?length_ge0 ?abs_number_le.
apply: (@norm_ge _ _ _ v) => //; first by rewrite mulr_ge0 ?length_ge0.
rewrite stretch squareZ exprMn !length_sqr -/(square v) le_eqVlt; apply/orP; left; apply/eqP.
by ring.
Qed.

(** Orthogonal matrices keep lengths. *)
Lemma norm_scaled_orthogonal n (c : R) (A : 'M[R]_n.+1) : 0 <= c -> A^T *m A = 1%:M -> norm (c *: A) = c.
Proof.
move=> c_ge0 orthogonal.
have stretch x : square (c *: A *m x) = c ^+ 2 * square x.
  by rewrite -scalemxAl squareZ {1}/square trmx_mul mulmxA -(mulmxA x^T) orthogonal mulmx1.
apply/le_anti/andP; split.
  by apply: norm_le => // x; rewrite -[c in c * _]ger0_norm // -lengthZ length_le_square // stretch squareZ.
apply: (@norm_ge _ _ _ (delta_mx 0 0)) => //; last by rewrite stretch.
by apply/eqP => /matrixP /(_ 0 0) /eqP; rewrite !mxE oner_eq0.
Qed.

Lemma orthogonalX n (A : 'M[R]_n.+1) k : A^T *m A = 1%:M -> (A ^+ k)^T *m A ^+ k = 1%:M.
Proof.
move=> orthogonal; elim: k => [|k IH]; first by rewrite expr0 trmx1 mulmx1.
by rewrite exprS -mulmxE trmx_mul mulmxA -(mulmxA _ A^T) orthogonal mulmx1.
Qed.

Lemma length_delta n (i : 'I_n) : length (delta_mx i 0 : 'cV[R]_n) = 1.
Proof.
rewrite /length squareE (bigD1 i) //= big1 => [|j /negPf j_neq]; last by rewrite mxE j_neq expr0n.
by rewrite mxE !eqxx expr1n addr0 sqrtr1.
Qed.

Lemma norm_eq0 m n (A : 'M[R]_(m, n)) : norm A = 0 -> A = 0.
Proof.
move=> A0; apply/matrixP => i j; rewrite mxE.
have /eqP : length (A *m delta_mx j 0) = 0.
  apply/le_anti; rewrite length_ge0 andbT.
  by apply: le_trans (length_mul_le _ _) _; rewrite A0 mul0r.
by rewrite length_eq0 -colE => /eqP /matrixP /(_ i 0); rewrite !mxE.
Qed.

Lemma norm_mat2 (a b c d s : R) :
  0 <= s -> a ^+ 2 + b ^+ 2 + c ^+ 2 + d ^+ 2 <= 2%:R * s ^+ 2 ->
  s ^+ 2 * (a ^+ 2 + b ^+ 2 + c ^+ 2 + d ^+ 2 - s ^+ 2) = (a * d - b * c) ^+ 2 ->
  norm (mat2 a b c d) = s.
Proof.
move=> s_ge0 large root_s.
pose P := s ^+ 2 - a ^+ 2 - c ^+ 2; pose S := s ^+ 2 - b ^+ 2 - d ^+ 2; pose Q := a * b + c * d.
have sumPS : 0 <= P + S.
  have -> : P + S = 2%:R * s ^+ 2 - (a ^+ 2 + b ^+ 2 + c ^+ 2 + d ^+ 2) by rewrite /P /S; ring.
  by rewrite subr_ge0.
have PS : P * S = Q ^+ 2.
  apply/eqP; rewrite -subr_eq0; apply/eqP.
  transitivity ((a * d - b * c) ^+ 2 - s ^+ 2 * (a ^+ 2 + b ^+ 2 + c ^+ 2 + d ^+ 2 - s ^+ 2)).
    by rewrite /P /S /Q; ring.
  by rewrite root_s subrr.
have P_ge0 : 0 <= P.
  rewrite leNgt; apply/negP => P_lt0.
  have S_gt0 : 0 < S by rewrite -(ltr_add2l P) addr0 (lt_le_trans P_lt0).
  by have := sqr_ge0 Q; rewrite -PS leNgt pmulr_llt0 // P_lt0.
have S_ge0 : P = 0 -> 0 <= S by move=> P0; rewrite P0 add0r in sumPS.
have defect x y : s ^+ 2 * square (col2 x y) - square (mat2 a b c d *m col2 x y)
                  = P * x ^+ 2 - 2%:R * Q * x * y + S * y ^+ 2.
  by rewrite mat2_col !square_col2 /P /Q /S; ring.
apply/le_anti/andP; split.
  apply: norm_le => // x.
  rewrite [x]col2E -[s]ger0_norm // -lengthZ length_le_square // squareZ -subr_ge0 defect.
  move: (x 0 0) (x 1 0) => {}x y.
  have [P0|P_neq0] := eqVneq P 0.
    have /eqP : Q ^+ 2 = 0 by rewrite -PS P0 mul0r.
    by rewrite sqrf_eq0 => /eqP ->; rewrite P0 mulr0 !mul0r subrr add0r mulr_ge0 ?sqr_ge0 ?S_ge0.
  have P_gt0 : 0 < P by rewrite lt_def P_neq0.
  rewrite -(pmulr_rge0 _ P_gt0).
  have -> : P * (P * x ^+ 2 - 2%:R * Q * x * y + S * y ^+ 2)
            = (P * x - Q * y) ^+ 2 + (P * S - Q ^+ 2) * y ^+ 2 by ring.
  by rewrite PS subrr mul0r addr0 sqr_ge0.
have [P0|P_neq0] := eqVneq P 0.
  apply: (@norm_ge _ _ _ (col2 1 0)) => //; first by rewrite col2_neq0 ?oner_eq0.
  rewrite -subr_le0 defect P0 (_ : 0 * _ - _ + _ = 0) //.
  by ring.
apply: (@norm_ge _ _ _ (col2 Q P)) => //; first by rewrite col2_neq0 ?P_neq0 ?orbT.
rewrite -subr_le0 defect.
have -> : P * Q ^+ 2 - 2%:R * Q * Q * P + S * P ^+ 2 = P * (P * S - Q ^+ 2) by ring.
by rewrite PS subrr mulr0.
Qed.

Lemma norm_mat1 (a : R) : norm (mat1 a) = `|a|.
Proof.
apply/le_anti/andP; split.
  by apply: norm_le => // x; rewrite mul_scalar_mx lengthZ.
apply: (@norm_ge _ _ _ 1%:M) => //.
  by apply/eqP => /matrixP /(_ 0 0) /eqP; rewrite !mxE oner_eq0.
by rewrite mul_scalar_mx squareZ real_normK ?num_real.
Qed.

(** The largest absolute entry. *)
Lemma le_max (x y z : R) : (x <= Num.max y z) = (x <= y) || (x <= z).
Proof. by rewrite comparable_le_maxr ?real_comparable ?num_real. Qed.

Lemma max_lt (x y z : R) : (Num.max y z < x) = (y < x) && (z < x).
Proof. by rewrite comparable_lt_maxl ?real_comparable ?num_real. Qed.

Lemma max_le (x y z : R) : (Num.max y z <= x) = (y <= x) && (z <= x).
Proof. by rewrite comparable_le_maxl ?real_comparable ?num_real. Qed.

Lemma max_abs_ge0 m n (A : 'M[R]_(m, n)) : 0 <= max_abs A.
Proof.
rewrite /max_abs; elim/big_ind: _ => // [x y x_ge0 _|i _]; first by rewrite le_max x_ge0.
by elim/big_ind: _ => // x y x_ge0 _; rewrite le_max x_ge0.
Qed.

Lemma max_abs_le m n (A : 'M[R]_(m, n)) c : 0 <= c -> (forall i j, `|A i j| <= c) -> max_abs A <= c.
Proof.
move=> c_ge0 bound; rewrite /max_abs; elim/big_ind: _ => // [x y x_le y_le|i _]; first by rewrite max_le x_le.
by elim/big_ind: _ => // x y x_le y_le; rewrite max_le x_le.
Qed.

Lemma le_bigmax (I : eqType) (s : seq I) (f : I -> R) i : i \in s -> f i <= \big[Num.max/0]_(j <- s) f j.
Proof.
elim: s => // j s IH; rewrite inE big_cons le_max => /orP [/eqP ->|/IH ->]; last by rewrite orbT.
by rewrite lexx.
Qed.

(** z* A z = u + i v for the vector z = x + i y, written out for two units. *)
Lemma numerical_value_mat2 (a b c d r : R) :
  numerical_value (mat2 a b c d) r -> exists x1 x2 y1 y2,
    x1 ^+ 2 + x2 ^+ 2 + y1 ^+ 2 + y2 ^+ 2 = 1 /\
    r = Num.sqrt ((a * (x1 ^+ 2 + y1 ^+ 2) + (b + c) * (x1 * x2 + y1 * y2) + d * (x2 ^+ 2 + y2 ^+ 2)) ^+ 2
                  + ((b - c) * (x1 * y2 - x2 * y1)) ^+ 2).
Proof.
case=> x [y [unit ->]]; move: unit; rewrite [x]col2E [y]col2E.
move: (x 0 0) (x 1 0) (y 0 0) (y 1 0) => x1 x2 y1 y2; rewrite !square_col2 => unit.
exists x1, x2, y1, y2; split; first by rewrite -[RHS]unit; ring.
congr (Num.sqrt (_ ^+ 2 + _ ^+ 2)); rewrite -!mulmxA !mat2_col !numberE !sum2 !mxE /=; ring.
Qed.

End Norms.

Section Radii.
Variable R : rcfType.

Lemma eigenvalue_mat2 (F : fieldType) (a b c d z : F) :
  eigenvalue (mat2 a b c d) z = ((z - a) * (z - d) == b * c).
Proof.
have -> : ((z - a) * (z - d) == b * c) = (\det (z%:M - mat2 a b c d) == 0).
  by rewrite -scalemx1 mat2_1 mat2Z mat2N mat2D det_mat2 -[LHS]subr_eq0; congr (_ == 0); ring.
apply/eigenvalueP/det0P => [[v Av_zv v_neq0] | [v v_neq0 Av_zv]]; exists v => //.
  by rewrite mulmxBr Av_zv mul_mx_scalar subrr.
by apply/eqP; rewrite -mul_mx_scalar eq_sym -subr_eq0 -mulmxBr Av_zv.
Qed.

(** The spectral radius is at most c if all eigenvalues are, and at least the modulus of each. *)
Lemma radius_le n (A : 'M[R]_n) (c : R) :
  0 <= c -> (forall z, eigenvalue (map_mx (real_complex R) A) z -> modulus z <= c) -> radius A <= c.
Proof.
move=> c_ge0 bound; rewrite /radius /complex_radius big_seq; elim/big_ind: _ => // [x y|z].
  by move=> x_le y_le; rewrite max_le x_le.
by rewrite mem_eigenvalues => /bound.
Qed.

Lemma radius_ge0 n (A : 'M[R]_n) : 0 <= radius A.
Proof. exact: complex_radius_ge0. Qed.

Lemma modulus_real (x : R) : modulus (real_complex R x) = `|x|.
Proof. by rewrite /modulus /= expr0n addr0 sqrtr_sqr. Qed.

Lemma real_eigenvalue_le_radius n (A : 'M[R]_n) (x : R) : eigenvalue A x -> `|x| <= radius A.
Proof.
move=> /eigenvalueP [v Av v_neq0]; rewrite -modulus_real; apply: modulus_le_radius.
apply/eigenvalueP; exists (map_mx (real_complex R) v); first by rewrite -map_mxM Av map_mxZ.
by rewrite map_mx_eq0.
Qed.

(** Eigenvalues that are real numbers p and q. *)
Lemma radius_mat2_real (a b c d p q : R) :
  p + q = a + d -> p * q = a * d - b * c -> radius (mat2 a b c d) = Num.max `|p| `|q|.
Proof.
move=> trace det; apply/le_anti/andP; split.
  apply: radius_le => [|z]; first by rewrite le_max normr_ge0.
  rewrite mat2_map eigenvalue_mat2 -subr_eq0.
  have -> : (z - a%:C) * (z - d%:C) - b%:C * c%:C = (z - p%:C) * (z - q%:C).
    transitivity (z ^+ 2 - (a + d)%:C * z + (a * d - b * c)%:C); first by rewrite !rmorphE; ring.
    by rewrite -trace -det !rmorphE; ring.
  rewrite mulf_eq0 !subr_eq0 => /orP [] /eqP ->; by rewrite modulus_real le_max lexx ?orbT.
rewrite max_le; apply/andP; split; apply: real_eigenvalue_le_radius;
  rewrite eigenvalue_mat2 -subr_eq0; apply/eqP.
- have -> : (p - a) * (p - d) - b * c = p * (p + q - (a + d)) + (a * d - b * c - p * q) by ring.
  by rewrite trace det !subrr mulr0 add0r.
have -> : (q - a) * (q - d) - b * c = q * (p + q - (a + d)) + (a * d - b * c - p * q) by ring.
by rewrite trace det !subrr mulr0 add0r.
Qed.

(** Eigenvalues that are conjugate, or equal. *)
Lemma radius_mat2_conjugate (a b c d : R) :
  (a + d) ^+ 2 <= 4%:R * (a * d - b * c) -> radius (mat2 a b c d) = Num.sqrt (a * d - b * c).
Proof.
move=> conjugate; set t := a + d in conjugate *; set D := a * d - b * c in conjugate *.
have all_eigenvalues z : eigenvalue (map_mx (real_complex R) (mat2 a b c d)) z -> modulus z = Num.sqrt D.
  rewrite mat2_map eigenvalue_mat2 -subr_eq0 => /eqP; case: z => x y.
  have -> : ((x +i* y) - a%:C) * ((x +i* y) - d%:C) - b%:C * c%:C
            = (x ^+ 2 - y ^+ 2 - t * x + D) +i* (y * (2%:R * x - t)).
    by rewrite /t /D; simpc; congr (_ +i* _); ring.
  case=> re0 /eqP; rewrite mulf_eq0 subr_eq0 => im0.
  have x2 : 2%:R * x = t.
    have [y0|y_neq0] := eqVneq y 0; last by move: im0; rewrite (negPf y_neq0) => /eqP.
    have sqr0 : (2%:R * x - t) ^+ 2 <= 0.
      have -> : (2%:R * x - t) ^+ 2 = 4%:R * (x ^+ 2 - y ^+ 2 - t * x + D) + (t ^+ 2 - 4%:R * D).
        by rewrite y0; ring.
      by rewrite re0 mulr0 add0r subr_le0.
    have /eqP : (2%:R * x - t) ^+ 2 = 0 by apply/le_anti; rewrite sqr0 sqr_ge0.
    by rewrite sqrf_eq0 subr_eq0 => /eqP.
  rewrite /modulus /=; congr Num.sqrt; rewrite -[LHS]addr0 -{}re0 -x2; ring.
apply/le_anti/andP; split.
  by apply: radius_le => [|z /all_eigenvalues ->]; rewrite ?sqrtr_ge0.
pose A := map_mx (real_complex R) (mat2 a b c d).
by rewrite /radius; have [z /all_eigenvalues <- ->] := radius_attained A isT.
Qed.

(** The eigenvalues are real and sum up to the trace: one of them is half of it at least. *)
Lemma radius_mat2_ge (a b c d r : R) :
  0 <= r -> 4%:R * (a * d - b * c) <= (a + d) ^+ 2 -> 2%:R * r <= `|a + d| -> r <= radius (mat2 a b c d).
Proof.
move=> r_ge0 real large; pose s := Num.sqrt ((a + d) ^+ 2 - 4%:R * (a * d - b * c)).
have s2 : s ^+ 2 = (a + d) ^+ 2 - 4%:R * (a * d - b * c) by rewrite sqr_sqrtr // subr_ge0.
rewrite (@radius_mat2_real a b c d ((a + d + s) / 2%:R) ((a + d - s) / 2%:R)); last first.
- have -> : (a + d + s) / 2%:R * ((a + d - s) / 2%:R) = ((a + d) ^+ 2 - s ^+ 2) / 4%:R by field.
  by rewrite s2; field.
- by field.
rewrite leNgt; apply/negP; rewrite max_lt => /andP [p_lt q_lt].
have: `|a + d| < r + r.
  apply: le_lt_trans (ltr_add p_lt q_lt); apply: le_trans (ler_norm_add _ _).
  by have -> : (a + d + s) / 2%:R + (a + d - s) / 2%:R = a + d by field.
by rewrite ltNge; apply/negP/negPn; rewrite -mulr2n -mulr_natl.
Qed.

Lemma radius_mat1 (a : R) : radius (mat1 a) = `|a|.
Proof.
have eigen (F : fieldType) (z b : F) : eigenvalue (b%:M : 'M_1) z = (z == b).
  apply/eigenvalueP/eqP => [[v bv_zv v_neq0] | ->].
    have [i vi_neq0] : exists i, v 0 i != 0 by apply/rV0Pn.
    by move/matrixP/(_ 0 i)/eqP: bv_zv; rewrite mul_mx_scalar !mxE (inj_eq (mulIf vi_neq0)) => /eqP.
  exists 1%:M; first by rewrite mul_mx_scalar.
  by apply/eqP => /matrixP /(_ 0 0) /eqP; rewrite !mxE oner_eq0.
apply/le_anti/andP; split; last by apply: real_eigenvalue_le_radius; rewrite eigen.
by apply: radius_le => // z; rewrite map_scalar_mx eigen => /eqP ->; rewrite modulus_real.
Qed.

(** A nilpotent matrix has the radius zero. *)
Lemma radius_nilpotent n (A : 'M[R]_n.+1) k : A ^+ k = 0 -> radius A = 0.
Proof.
move=> Ak0; apply/le_anti; rewrite radius_ge0 andbT.
apply: radius_le => // z /eigenvalueP [v Av v_neq0].
have power j : v *m map_mx (real_complex R) A ^+ j = z ^+ j *: v.
  by elim: j => [|j IH]; rewrite ?mulmx1 ?scale1r // exprSr mulmxA IH -scalemxAl Av scalerA exprSr.
have: z ^+ k *: v == 0 by rewrite -power -rmorphX Ak0 rmorph0 mulmx0.
rewrite scaler_eq0 (negPf v_neq0) orbF expf_eq0 => /andP [_ /eqP ->].
by rewrite modulus_real normr0.
Qed.

(** The powers of a matrix grow at least like its spectral radius. *)
Lemma radius_power_le_norm n (A : 'M[R]_n.+1) k : radius A ^+ k <= norm (A ^+ k).
Proof.
rewrite /radius.
have [z /eigenvalueP_column [v Av v_neq0] <-] := radius_attained (map_mx (real_complex R) A) isT.
have power j : map_mx (real_complex R) A ^+ j *m v = z ^+ j *: v.
  by elim: j => [|j IH]; rewrite ?mul1mx ?scale1r // exprS -mulmxA IH -scalemxAr Av scalerA exprSr.
have v_norm : 0 < complex_norm v.
  rewrite lt_def norm_ge0 andbT; apply: contraNneq v_neq0 => v0.
  have /eqP := norm_eq0 v0; rewrite block_mx_eq0 => /and4P [/eqP re0 _ /eqP im0 _].
  apply/eqP/matrixP => i j; move/matrixP/(_ i j): re0; move/matrixP/(_ i j): im0.
  by rewrite !mxE; case: (v i j) => x y /= -> ->.
have mapX : map_mx (real_complex R) (A ^+ k) = map_mx (real_complex R) A ^+ k by rewrite rmorphX.
rewrite -(ler_pmul2r v_norm) -(complex_norm_real (A ^+ k)) mapX -modulusX -complex_norm_scale -power.
by rewrite /complex_norm as_realM; apply: norm_mul.
Qed.

End Radii.
