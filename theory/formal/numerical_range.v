(** The numerical radius: what its definition by a supremum gives, and an inequality for products.

    |z* A z| <= w(A) |z|^2 for complex vectors z, and w(A) <= ||A||. For real vectors x_0, ..., x_k

        |sum_(j<k) x_(j+1)^T A x_j| <= w(A) sum_(j<=k) |x_j|^2.

    For let o be a primitive root of unity of order N = k + 2 and z_l = sum_j o^(l j) x_j. Then the sum over
    l < N of o^l z_l* A z_l is N times the sum on the left, and the sum of |z_l|^2 is N times that on the
    right.

    So if y_0, ..., y_k obey y_(j+1)^T A y_j >= r |y_(j+1)|^2 with r >= w(A), then |y_k|^2 <= 4 |y_0|^2: put
    x_j = 2 (-1)^j y_j for j < k and x_k = (-1)^k y_k. *)

From mathcomp Require Import all_ssreflect all_algebra cyclic separable cyclotomic complex polyrcf ring zify.
From errorflow Require Import vocabulary spectral_norm spectral_radius.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Real.
Variables (R : rcfType) (n : nat).
Implicit Types (A : 'M[R]_n) (x y : 'cV[R]_n).

(** The real and the imaginary part of z* A z for z = x + i y. *)
Definition form_re A x y : R := number (x^T *m A *m x) + number (y^T *m A *m y).
Definition form_im A x y : R := number (x^T *m A *m y) - number (y^T *m A *m x).
Definition form_abs A x y : R := Num.sqrt (form_re A x y ^+ 2 + form_im A x y ^+ 2).

Lemma form_abs_ge0 A x y : 0 <= form_abs A x y.
Proof. exact: sqrtr_ge0. Qed.

Lemma form_absZ A x y c : form_abs A (c *: x) (c *: y) = c ^+ 2 * form_abs A x y.
Proof.
rewrite /form_abs /form_re /form_im ![(_ *: _)^T]linearZ /= -!scalemxAl -!scalemxAr !scalerA !numberZ.
rewrite -expr2 -mulrDr -mulrBr !exprMn -mulrDr sqrtrM ?sqr_ge0 //.
by rewrite sqrtr_sqr ger0_norm ?sqr_ge0.
Qed.

(** Some rotation of z brings |z* A z| to a sum of two real inner products. *)
Lemma form_abs_rotated A x y : exists c s : R,
  c ^+ 2 + s ^+ 2 = 1 /\
  form_abs A x y = number ((c *: x - s *: y)^T *m (A *m x)) + number ((c *: y + s *: x)^T *m (A *m y)).
Proof.
have rotatedE c s : number ((c *: x - s *: y)^T *m (A *m x)) + number ((c *: y + s *: x)^T *m (A *m y))
                    = c * form_re A x y + s * form_im A x y.
  rewrite [(_ - _)^T]linearB [(_ + _)^T]linearD /= ![(_ *: _)^T]linearZ /= mulmxBl mulmxDl.
  rewrite -!scalemxAl !mulmxA numberB numberD !numberZ /form_re /form_im.
  by ring.
have h2 : form_abs A x y ^+ 2 = form_re A x y ^+ 2 + form_im A x y ^+ 2.
  by rewrite sqr_sqrtr // addr_ge0 ?sqr_ge0.
have [h0|h_neq0] := eqVneq (form_abs A x y) 0.
  move: h2; rewrite h0 expr0n => /esym/eqP.
  rewrite paddr_eq0 ?sqr_ge0 // !sqrf_eq0 => /andP[/eqP re0 /eqP im0].
  by exists 1, 0; rewrite rotatedE re0 im0 expr1n expr0n addr0 !mulr0 addr0.
exists (form_re A x y / form_abs A x y), (form_im A x y / form_abs A x y); rewrite rotatedE; split.
  by rewrite !exprMn -mulrDl -h2 exprVn divff // sqrf_eq0.
by rewrite ![_ / _ * _]mulrAC -!expr2 -mulrDl -h2 expr2 mulfK.
Qed.

Lemma form_abs_le_norm A x y : square x + square y = 1 -> form_abs A x y <= norm A.
Proof.
move=> xy1; have [c [s [cs1 ->]]] := form_abs_rotated A x y.
have mean_le (u v : 'cV[R]_n) : number (u^T *m (A *m v)) <= norm A * ((square u + square v) / 2%:R).
  apply: le_trans (ler_norm _) _; apply: le_trans (abs_number_le _ _) _.
  apply: le_trans (ler_wpmul2l (length_ge0 _) (length_mul_le _ _)) _.
  rewrite mulrCA ler_wpmul2l ?norm_ge0 // ler_pdivl_mulr ?ltr0n // -!length_sqr -subr_ge0.
  have -> : length u ^+ 2 + length v ^+ 2 - length u * length v * 2%:R = (length u - length v) ^+ 2 by ring.
  exact: sqr_ge0.
apply: le_trans (ler_add (mean_le _ _) (mean_le _ _)) _.
rewrite squareB squareD !squareZ ![(_ *: _)^T]linearZ /= -!scalemxAl -!scalemxAr !numberZ (number_sym y x).
rewrite le_eqVlt; apply/orP; left; apply/eqP.
have -> : forall p q N d : R, N * ((c ^+ 2 * p - 2%:R * (c * (s * d)) + s ^+ 2 * q + p) / 2%:R)
            + N * ((c ^+ 2 * q + 2%:R * (c * (s * d)) + s ^+ 2 * p + q) / 2%:R)
          = N * ((c ^+ 2 + s ^+ 2) * (p + q) + (p + q)) / 2%:R by move=> p q N d; ring.
by rewrite cs1 xy1 mulr1 -mulrA -[1 + 1]/(2%:R) divff ?mulr1 // pnatr_eq0.
Qed.

End Real.

Section Radius.
Variables (R : rcfType) (n : nat) (w : 'M[R]_n -> R).
Hypotheses (n_gt0 : (0 < n)%N) (is_w : is_numerical_radius w).
Implicit Types (A : 'M[R]_n) (x y : 'cV[R]_n).

Lemma exists_unit : exists x : 'cV[R]_n, square x = 1.
Proof.
have [x [x1 _]] := norm_attained (0 : 'M[R]_n) n_gt0.
by exists x; rewrite -length_sqr x1 expr1n.
Qed.

Lemma numerical_radiusP A :
  (forall x y, square x + square y = 1 -> form_abs A x y <= w A) /\
  (forall b, (forall x y, square x + square y = 1 -> form_abs A x y <= b) -> w A <= b).
Proof.
have square0 : square (0 : 'cV[R]_n) = 0 by apply/eqP; rewrite square_eq0.
have [||upper least] := @is_w A.
- have [x x1] := exists_unit.
  by exists (form_abs A x 0), x, 0; rewrite square0 addr0.
- by exists (norm A) => _ [x [y [xy1 ->]]]; apply: form_abs_le_norm.
split=> [x y xy1 | b b_ge]; first by apply: upper; exists x, y.
by apply: least => _ [x [y [xy1 ->]]]; apply: b_ge.
Qed.

Lemma numerical_radius_ge0 A : 0 <= w A.
Proof.
have [x x1] := exists_unit.
have square0 : square (0 : 'cV[R]_n) = 0 by apply/eqP; rewrite square_eq0.
apply: le_trans (form_abs_ge0 A x 0) _.
by have [upper _] := numerical_radiusP A; apply: upper; rewrite x1 square0 addr0.
Qed.

(** |z* A z| <= w(A) |z|^2. *)
Lemma form_abs_le A x y : form_abs A x y <= w A * (square x + square y).
Proof.
have xy_ge0 : 0 <= square x + square y by rewrite addr_ge0 ?square_ge0.
have [xy0|xy_neq0] := eqVneq (square x + square y) 0.
  move/eqP: (xy0); rewrite paddr_eq0 ?square_ge0 // !square_eq0 => /andP[/eqP-> /eqP->].
  by rewrite -(scale0r (0 : 'cV[R]_n)) form_absZ expr0n mul0r mulr_ge0 ?numerical_radius_ge0 //
    addr_ge0 ?square_ge0.
pose l := Num.sqrt (square x + square y).
have l2 : l ^+ 2 = square x + square y by rewrite sqr_sqrtr.
have l_neq0 : l != 0 by rewrite -sqrf_eq0 l2.
have -> : x = l *: (l^-1 *: x) by rewrite scalerA divff ?scale1r.
have -> : y = l *: (l^-1 *: y) by rewrite scalerA divff ?scale1r.
rewrite form_absZ !squareZ -mulrDr mulrCA ler_wpmul2l ?sqr_ge0 //.
have unit_xy : l^-1 ^+ 2 * square x + l^-1 ^+ 2 * square y = 1.
  by rewrite -mulrDr -l2 -exprMn mulVf ?expr1n.
rewrite unit_xy mulr1.
by have [upper _] := numerical_radiusP A; apply: upper; rewrite !squareZ.
Qed.

End Radius.

Section Complex.
Variables (R : rcfType) (n : nat).
Implicit Types (A : 'M[R]_n) (z : 'I_n -> R[i]).

(** z* A z, and the parts of z. *)
Definition form A z : R[i] := \sum_i \sum_j (A i j)%:C%C * ((z i)^*%C * z j).
Definition re_part z : 'cV[R]_n := \col_i complex.Re (z i).
Definition im_part z : 'cV[R]_n := \col_i complex.Im (z i).

Lemma number_form A (x y : 'cV[R]_n) : number (x^T *m A *m y) = \sum_i \sum_j A i j * (x i 0 * y j 0).
Proof.
rewrite /number -mulmxA mxE; apply: eq_bigr => i _; rewrite !mxE mulr_sumr.
by apply: eq_bigr => j _; rewrite mulrCA.
Qed.

Lemma formE A z : form A z = Complex (form_re A (re_part z) (im_part z)) (form_im A (re_part z) (im_part z)).
Proof.
rewrite /form_re /form_im !number_form -big_split -sumrB /=.
apply/eqP; rewrite eq_complex /= !raddf_sum; apply/andP; split; apply/eqP; apply: eq_bigr => i _.
  rewrite raddf_sum -big_split; apply: eq_bigr => j _; rewrite !mxE.
  by case: (z i) (z j) => [a b] [c d] /=; ring.
rewrite raddf_sum -sumrB; apply: eq_bigr => j _; rewrite !mxE.
by case: (z i) (z j) => [a b] [c d] /=; ring.
Qed.

Lemma modulus_form A z : modulus (form A z) = form_abs A (re_part z) (im_part z).
Proof. by rewrite formE. Qed.

(** |z|^2. *)
Lemma form_one z : form 1%:M z = (square (re_part z) + square (im_part z))%:C%C.
Proof.
rewrite formE /form_re /form_im !mulmx1; congr Complex.
by rewrite number_sym subrr.
Qed.

(** The form of a combination of real vectors. *)
Lemma form_combination A k (x : nat -> 'cV[R]_n) (c : nat -> R[i]) :
  form A (fun i => \sum_(j < k) c j * (x j i 0)%:C%C)
  = \sum_(j < k) \sum_(l < k) (c j)^*%C * c l * (number ((x j)^T *m A *m x l))%:C%C.
Proof.
rewrite /form.
transitivity (\sum_i \sum_j \sum_(p : 'I_k * 'I_k)
    (A i j)%:C%C * ((c p.1)^*%C * c p.2) * ((x p.1 i 0)%:C%C * (x p.2 j 0)%:C%C)).
  apply: eq_bigr => i _; apply: eq_bigr => j _.
  rewrite rmorph_sum /= big_distrlr /= pair_bigA mulr_sumr; apply: eq_bigr => p _.
  have -> : (c p.1 * (x p.1 i 0)%:C%C)^*%C = (c p.1)^*%C * (x p.1 i 0)%:C%C.
    by rewrite rmorphM; congr (_ * _); apply: conjc_real.
  by rewrite mulrACA !mulrA.
rewrite [RHS]pair_bigA [LHS]pair_bigA exchange_big; apply: eq_bigr => p _.
rewrite number_form pair_bigA rmorph_sum mulr_sumr; apply: eq_bigr => q _.
by rewrite !rmorphM -[LHS]mulrA [LHS]mulrCA.
Qed.

End Complex.

Section Fourier.
Variable R : rcfType.

Lemma primitive_root_exists N : (0 < N)%N -> exists o : R[i], N.-primitive_root o.
Proof.
pose p : {poly R[i]} := 'X^N - 1; have [r Dp] := closed_field_poly_normal p.
move=> N_gt0; rewrite (monicP _) ?monic_Xn_sub_1 // scale1r in Dp.
have rn1 : all N.-unity_root r by apply/allP=> z; rewrite -root_prod_XsubC -Dp.
have sz_r : (N < (size r).+1)%N by rewrite -(size_prod_XsubC r id) -Dp size_Xn_sub_1.
have [|z _ z_prim] := hasP (has_prim_root N_gt0 rn1 _ sz_r); last by exists z.
by rewrite -separable_prod_XsubC -Dp separable_Xn_sub_1 // pnatr_eq0 -lt0n.
Qed.

Variables (N : nat) (o : R[i]).
Hypothesis o_prim : N.-primitive_root o.

Lemma modulus_root k : modulus (o ^+ k) = 1.
Proof.
rewrite modulusX; have -> : modulus o = 1; last by rewrite expr1n.
apply/eqP; rewrite -(@pexpr_eq1 _ _ N) ?sqrtr_ge0 ?(prim_order_gt0 o_prim) // -modulusX prim_expr_order //.
by rewrite /modulus /= expr0n addr0 expr1n sqrtr1.
Qed.

Lemma conj_root k : (k <= N)%N -> (o ^+ k)^*%C = o ^+ (N - k).
Proof.
move=> k_le; have ok_neq0 : o ^+ k != 0 by rewrite -modulus_eq0 modulus_root oner_eq0.
apply: (mulfI ok_neq0); rewrite -exprD subnKC // (prim_expr_order o_prim).
by rewrite -sqr_normc normc_def -/(modulus _) modulus_root expr1n.
Qed.

Lemma sum_root e : \sum_(l < N) (o ^+ e) ^+ l = if (N %| e)%N then N%:R else 0.
Proof.
have := prim_expr_order o_prim => oN.
have [N_e|Nn_e] := ifP.
  have -> : o ^+ e = 1 by case/dvdnP: N_e => q ->; rewrite mulnC exprM oN expr1n.
  by under eq_bigr do rewrite expr1n; rewrite sumr_const card_ord.
have oe_neq1 : o ^+ e - 1 != 0 by rewrite subr_eq0 -(prim_order_dvd o_prim) Nn_e.
apply: (mulfI oe_neq1); rewrite mulr0 -subrX1 -exprM mulnC exprM oN expr1n subrr //.
Qed.

(** Sums over the roots of unity single out the neighbours. *)
Lemma fourier k s (F : nat -> nat -> R[i]) : (k + s <= N)%N ->
  \sum_(l < N) (o ^+ l) ^+ s * (\sum_(i < k) \sum_(j < k) ((o ^+ l) ^+ i)^*%C * (o ^+ l) ^+ j * F i j)
  = N%:R * \sum_(i < k) \sum_(j < k) (if (i == j + s :> nat)%N then F i j else 0).
Proof.
move=> ks_le.
have -> : \sum_(l < N) (o ^+ l) ^+ s * (\sum_(i < k) \sum_(j < k) ((o ^+ l) ^+ i)^*%C * (o ^+ l) ^+ j * F i j)
  = \sum_(i < k) \sum_(j < k) \sum_(l < N) (o ^+ (N - i + j + s)) ^+ l * F i j.
  under eq_bigr do rewrite mulr_sumr; rewrite exchange_big; apply: eq_bigr => i _.
  under eq_bigr do rewrite mulr_sumr; rewrite exchange_big; apply: eq_bigr => j _.
  apply: eq_bigr => l _.
  have i_le : (i <= N)%N
    by apply: leq_trans (ltnW (ltn_ord i)) (leq_trans (leq_addr _ _) ks_le).
  rewrite [(o ^+ l) ^+ i]exprAC rmorphX /= conj_root // !mulrA; congr (_ * _).
  by rewrite ![(o ^+ l) ^+ _]exprAC -!exprMn -!exprD -addnA addnC.
rewrite mulr_sumr; apply: eq_bigr => i _; rewrite mulr_sumr; apply: eq_bigr => j _.
rewrite -mulr_suml sum_root.
have -> : (N %| N - i + j + s)%N = (i == j + s :> nat)%N.
  have i_lt := ltn_ord i; have j_lt := ltn_ord j.
  have [i_le|i_gt] := leqP i (j + s).
    have -> : (N - i + j + s = N + (j + s - i))%N by lia.
    rewrite dvdn_addr // eqn_leq i_le /=.
    have [js_le|js_gt] := leqP (j + s) i; first by move: js_le; rewrite -subn_eq0 => /eqP->; rewrite dvdn0.
    by rewrite gtnNdvd //; lia.
  by rewrite gtnNdvd 1?gtn_eqF //; lia.
by case: ifP; rewrite ?mul0r ?mulr0.
Qed.

End Fourier.

Section Products.
Variables (R : rcfType) (n : nat) (w : 'M[R]_n -> R).
Hypotheses (n_gt0 : (0 < n)%N) (is_w : is_numerical_radius w).
Implicit Types (A : 'M[R]_n) (x y z : nat -> 'cV[R]_n).

Lemma modulus_sum_le (N : nat) (f : 'I_N -> R[i]) : modulus (\sum_l f l) <= \sum_l modulus (f l).
Proof.
elim/big_rec2: _ => [|l c d _ le_dc].
  by rewrite le_eqVlt modulus_eq0 eqxx.
by apply: le_trans (modulus_add_le _ _) _; rewrite ler_add2l.
Qed.

(** The form at the points of the Fourier transform. *)
Lemma fourier_form A x k N s (o : R[i]) : N.-primitive_root o -> (k + s <= N)%N ->
  \sum_(l < N) (o ^+ l) ^+ s * form A (fun i => \sum_(j < k) (o ^+ l) ^+ j * (x j i 0)%:C%C)
  = N%:R * \sum_(i < k) \sum_(j < k)
      (if (i == j + s :> nat)%N then (number ((x i)^T *m A *m x j))%:C%C else 0).
Proof.
move=> o_prim ks_le.
rewrite -(fourier o_prim (fun i j => (number ((x i)^T *m A *m x j))%:C%C) ks_le).
by apply: eq_bigr => l _; rewrite (form_combination A k x (fun j => (o ^+ l) ^+ j)).
Qed.

Lemma sum_diagonal k (F : nat -> nat -> R[i]) :
  \sum_(i < k) \sum_(j < k) (if (i == j + 0 :> nat)%N then F i j else 0) = \sum_(i < k) F i i.
Proof.
apply: eq_bigr => i _; rewrite (bigD1 i) //= addn0 eqxx big1 ?addr0 // => j; rewrite addn0 eq_sym.
by case: eqVneq => // ij; case: eqP => // /val_inj ji; rewrite ji eqxx in ij.
Qed.

Lemma sum_neighbours k (F : nat -> nat -> R[i]) :
  \sum_(i < k.+1) \sum_(j < k.+1) (if (i == j + 1 :> nat)%N then F i j else 0) = \sum_(j < k) F j.+1 j.
Proof.
rewrite exchange_big big_ord_recr /= [X in _ + X]big1 ?addr0 => [|i _]; last first.
  by rewrite addn1 ltn_eqF.
apply: eq_bigr => j _; rewrite (bigD1 (lift ord0 j)) //= addn1 eqxx big1 ?addr0 // => i ij.
by rewrite ifF //; apply: contraNF ij.
Qed.

(** The sum over neighbours, cut off after any number of them. *)
Lemma neighbours_le A x k :
  `|\sum_(j < k) number ((x j.+1)^T *m A *m x j)| <= w A * \sum_(j < k.+1) square (x j).
Proof.
have [o o_prim] := primitive_root_exists R (ltn0Sn k.+1).
set N := k.+2 in o_prim; pose z (l : nat) (i : 'I_n) := \sum_(j < k.+1) (o ^+ l) ^+ j * (x j i 0)%:C%C.
have lenE : \sum_(l < N) (square (re_part (z l)) + square (im_part (z l)))
            = N%:R * \sum_(j < k.+1) square (x j).
  apply: (@complexI R); rewrite rmorph_sum rmorphM rmorph_sum rmorph_nat /=.
  have k_le : (k.+1 + 0 <= N)%N by rewrite addn0; apply: leqnSn.
  have := fourier_form 1%:M x o_prim k_le.
  rewrite (sum_diagonal k.+1 (fun i j => (number ((x i)^T *m 1%:M *m x j))%:C%C)) => fourierE.
  have -> : \sum_(i < k.+1) ((square (x i))%:C%C : R[i])
            = \sum_(i < k.+1) (number ((x i)^T *m 1%:M *m x i))%:C%C.
    by apply: eq_bigr => i _; rewrite mulmx1.
  rewrite -fourierE.
  by apply: eq_bigr => l _; rewrite expr0 mul1r -form_one.
have formsE : \sum_(l < N) o ^+ l * form A (z l) = N%:R * (\sum_(j < k) number ((x j.+1)^T *m A *m x j))%:C%C.
  have k_le : (k.+1 + 1 <= N)%N by rewrite addn1.
  have := fourier_form A x o_prim k_le.
  rewrite (sum_neighbours k (fun i j => (number ((x i)^T *m A *m x j))%:C%C)) rmorph_sum => <-.
  by apply: eq_bigr => l _; rewrite expr1.
have N_gt0 : 0 < N%:R :> R by rewrite ltr0n.
rewrite -(ler_pmul2l N_gt0) mulrCA -lenE mulr_sumr.
have -> : N%:R * `|\sum_(j < k) number ((x j.+1)^T *m A *m x j)|
          = modulus (\sum_(l < N) o ^+ l * form A (z l)).
  apply: (@complexI R); rewrite formsE rmorphM rmorph_nat /= /modulus -normc_def normrM normr_nat normc_def.
  by rewrite /= expr0n addr0 sqrtr_sqr.
apply: le_trans (modulus_sum_le _) _; apply: ler_sum => l _.
by rewrite modulusM (modulus_root o_prim) mul1r modulus_form (form_abs_le n_gt0 is_w).
Qed.

(** A sequence on which A does not lose length keeps it, up to a factor of 2. *)
Lemma sector_bound A r y k : w A <= r ->
  (forall j, r * square (y j.+1) <= number ((y j.+1)^T *m A *m y j)) ->
  0 < r -> square (y k) <= 4%:R * square (y 0%N).
Proof.
move=> w_le sector r_gt0; case: k => [|k].
  by rewrite -subr_ge0 -{2}[square _]mul1r -mulrBl mulr_ge0 ?square_ge0 // subr_ge0 ler1n.
pose c j : R := if j == k.+1 then 1 else 2%:R.
have c_gt0 j : 0 < c j by rewrite /c; case: ifP; rewrite ?ltr01 ?ltr0n.
pose x j := ((-1) ^+ j * c j) *: y j.
have neighbours : 
    r * (\sum_(j < k.+1) c j.+1 * c j * square (y j.+1)) <= r * (\sum_(j < k.+2) c j ^+ 2 * square (y j)).
  apply: le_trans (_ : - (\sum_(j < k.+1) number ((x j.+1)^T *m A *m x j)) <= _).
    rewrite -sumrN mulr_sumr; apply: ler_sum => j _.
    rewrite /x ![(_ *: _)^T]linearZ /= -!scalemxAl -!scalemxAr scalerA numberZ exprS.
    rewrite -mulNr.
    have -> : - (-1 * (-1) ^+ j * c j.+1 * ((-1) ^+ j * c j)) = ((-1) ^+ j) ^+ 2 * (c j.+1 * c j) by ring.
    rewrite sqrr_sign mul1r mulrCA ler_pmul2l ?mulr_gt0 //.
  apply: le_trans (ler_norm _) _; rewrite normrN; apply: le_trans (neighbours_le _ _ _) _.
  apply: le_trans (_ : r * (\sum_(j < k.+2) square (x j)) <= _).
    by rewrite ler_wpmul2r ?sumr_ge0 // => j _; apply: square_ge0.
  rewrite ler_wpmul2l ?(ltW r_gt0) //; apply: ler_sum => j _.
  by rewrite /x squareZ exprMn sqrr_sign mul1r.
have c_last : c k.+1 = 1 by rewrite /c eqxx.
have c_other j : (j <= k)%N -> c j = 2%:R by rewrite /c; case: eqP => // ->; rewrite ltnn.
move: neighbours; rewrite (ler_pmul2l r_gt0) big_ord_recr big_ord_recl [X in _ <= _ + X]big_ord_recr /=.
rewrite [bump 0 k]/bump leq0n add1n c_last !c_other // expr1n !mul1r addrCA.
have -> : \sum_(i < k) c i.+1 * c i * square (y i.+1)
          = \sum_(i < k) c (bump 0 i) ^+ 2 * square (y (bump 0 i)).
  by apply: eq_bigr => i _; rewrite /bump add1n expr2 !c_other // ltnW.
rewrite ler_add2l mulr_natl mulr2n ler_add2r.
by rewrite -[4%:R]/((2 * 2)%:R) natrM -expr2.
Qed.

End Products.
