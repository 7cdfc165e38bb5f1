(** The supremum of the powers of a matrix, and the Kreiss constant.

    A spectral radius below 1 makes the norms of the powers bounded, so that each is at most their supremum.
    A supremum is the least bound: a bound of all powers, or of (|z| - 1) ||(z I - A)^-1|| for all complex
    |z| > 1, is one of the power supremum, or of the Kreiss constant. The last is said for complex z alone,
    since real z do not suffice: for A = [0, 2; -2, 0] these numbers are at most 1 at all real z, and have no
    bound near 2 i. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf ring.
From errorflow Require Import vocabulary spectral_norm spectral_radius norm_rules bounded_powers.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** (c I - A) B = I, divided by c. *)
Lemma resolvent_over_field (F : fieldType) (n : nat) (A B : 'M[F]_n) (c : F) :
  (c *: 1%:M - A) *m B = 1%:M -> c != 0 -> B = c^-1 *: (A *m B) + c^-1 *: 1%:M.
Proof.
move=> <- c_neq0; rewrite -scalerDr mulmxBl -scalemxAl mul1mx addrC subrK.
by rewrite scalerA mulVf // scale1r.
Qed.

(** The equation of the resolvent B = (c I - A)^-1: B = A B / c + I / c. *)
Theorem resolvent_eq (R : rcfType) (n : nat) (A B : 'M[R]_n) (c : R) :
  (0 < n)%N ->
  (c *: 1%:M - A) *m B = 1%:M ->
  0 < `|c| ->
  B = c^-1 *: (A *m B) + c^-1 *: 1%:M.
Proof. by move=> _ resolvent; rewrite normr_gt0; apply: resolvent_over_field. Qed.

(** The same for complex matrices. *)
Theorem resolvent_eq_complex (R : rcfType) (n : nat) (A B : 'M[R[i]]_n) (c : R[i]) :
  (0 < n)%N ->
  (c *: 1%:M - A) *m B = 1%:M ->
  0 < modulus c ->
  B = c^-1 *: (A *m B) + c^-1 *: 1%:M.
Proof.
move=> _ resolvent; rewrite lt_neqAle modulus_ge0 andbT eq_sym modulus_eq0.
exact: resolvent_over_field.
Qed.

(** ||A^b|| is at most the supremum of the powers, which is finite where rho(A) < 1. *)
Theorem norm_pow_le_iSup (R : rcfType) (n : nat) (power_supremum : 'M[R]_n -> R) (A : 'M[R]_n) (b : int) :
  (0 < n)%N ->
  is_power_supremum power_supremum ->
  0 <= b ->
  radius A < 1 ->
  norm (chain (fun=> A) 1 b) <= power_supremum A.
Proof.
move=> _ /(_ A) is_supremum b_ge0 /bounded_powers[c le_c].
have [||le_s _] := is_supremum; last by apply: le_s; exists b.
  by exists (norm (chain (fun=> A) 1 b)), b.
by exists c => _ [k [k_ge0 ->]]; rewrite chain1_abs.
Qed.

(** The same for complex matrices. *)
Theorem norm_pow_le_iSup_complex (R : rcfType) (n : nat) (power_supremum : 'M[R[i]]_n -> R)
    (A : 'M[R[i]]_n) (b : int) :
  (0 < n)%N ->
  is_complex_power_supremum power_supremum ->
  0 <= b ->
  complex_radius A < 1 ->
  complex_norm (chain (fun=> A) 1 b) <= power_supremum A.
Proof.
move=> _ /(_ A) is_supremum b_ge0 /complex_bounded_powers[c le_c].
have [||le_s _] := is_supremum; last by apply: le_s; exists b.
  by exists (complex_norm (chain (fun=> A) 1 b)), b.
by exists c => _ [k [k_ge0 ->]]; rewrite chain1_abs.
Qed.

(** A bound of every power is a bound of their supremum. *)
Theorem iSup_norm_pow_le (R : rcfType) (n : nat) (power_supremum : 'M[R]_n -> R) (A : 'M[R]_n) (c : R) :
  (0 < n)%N ->
  is_power_supremum power_supremum ->
  (forall m' : int, 0 <= m' -> norm (chain (fun=> A) 1 m') <= c) ->
  power_supremum A <= c.
Proof.
move=> _ /(_ A) is_supremum le_c.
have bound x : (exists k : int, 0 <= k /\ x = norm (chain (fun=> A) 1 k)) -> x <= c.
  by move=> [k [k_ge0 ->]]; apply: le_c.
have [||_ s_le] := is_supremum; last exact: s_le.
  by exists (norm (chain (fun=> A) 1 0)), 0; split; first exact: lexx.
by exists c.
Qed.

(** Some number of modulus above 1 has a resolvent: one beyond the spectral radius. *)
Lemma resolvent_exists (R : rcfType) (n : nat) (A : 'M[R[i]]_n) :
  exists z Z, 1 < modulus z /\ (z%:M - A) *m Z = 1%:M.
Proof.
pose x := 1 + (1 + complex_radius A); pose z := real_complex R x.
have x_gt : 1 + complex_radius A < x by rewrite /x ltr_addr ltr01.
have x_gt1 : 1 < x by rewrite ltr_addl ltr_paddr ?complex_radius_ge0 ?ltr01.
have modulus_z : modulus z = x by rewrite modulus_of_real gtr0_norm // (lt_trans ltr01).
exists z, (invmx (z%:M - A)); split; first by rewrite modulus_z.
apply: mulmxV; rewrite unitmxE unitfE; apply/negP => /det0P[v v_neq0 v_eq].
have /modulus_le_radius : eigenvalue A z.
  apply/eigenvalueP; exists v => //; apply/eqP.
  by rewrite eq_sym -subr_eq0 -mul_mx_scalar -mulmxBr v_eq.
by apply/negP; rewrite -ltNge modulus_z (lt_trans _ x_gt) // ltr_addr ltr01.
Qed.

(** A bound of (|z| - 1) ||(z I - A)^-1|| for all complex |z| > 1 is a bound of the Kreiss constant. *)
Theorem kreiss_le_complex (R : rcfType) (n : nat) (kreiss_constant : 'M[R[i]]_n -> R)
    (A : 'M[R[i]]_n) (c : R) :
  (0 < n)%N ->
  is_kreiss_constant kreiss_constant ->
  (forall (z' : R[i]) (R' : 'M[R[i]]_n), 1 < modulus z' -> (z' *: 1%:M - A) *m R' = 1%:M ->
    (modulus z' - 1) * complex_norm R' <= c) ->
  kreiss_constant A <= c.
Proof.
move=> _ /(_ A) is_supremum le_c.
have bound x : (exists z Z, [/\ 1 < modulus z, (z%:M - A) *m Z = 1%:M
                              & x = (modulus z - 1) * complex_norm Z]) -> x <= c.
  by move=> [z [Z [z_gt1 resolvent ->]]]; apply: le_c; rewrite ?scalemx1.
have [||_ k_le] := is_supremum; last exact: k_le.
  have [z [Z [z_gt1 resolvent]]] := resolvent_exists A.
  by exists ((modulus z - 1) * complex_norm Z), z, Z.
by exists c.
Qed.

(** Bernoulli's inequality. *)
Lemma one_plus_le_exp (R : rcfType) (m : nat) (x : R) : 0 <= x -> 1 + m%:R * x <= (1 + x) ^+ m.
Proof.
move=> x_ge0; elim: m => [|m IHm]; first by rewrite mul0r addr0 expr0.
have -> : 1 + m.+1%:R * x = (1 + x) * (1 + m%:R * x) - m%:R * x ^+ 2 by rewrite -addn1 natrD; ring.
rewrite ler_subl_addr exprS ler_paddr ?mulr_ge0 ?sqr_ge0 ?ler0n //.
by rewrite ler_wpmul2l // addr_ge0 ?ler01.
Qed.

(** A number below d / e^m for every m, where e > 1, is not positive. *)
Theorem le_zero_of_forall_le_geometric (R : rcfType) (c d e : R) :
  archimedean R ->
  (forall m' : int, 0 <= m' -> c <= d / e ^ m') ->
  1 < e ->
  c <= 0.
Proof.
move=> archimedeanR c_le e_gt1; rewrite leNgt; apply/negP => c_gt0.
have e_gt0 : 0 < e by apply: lt_trans e_gt1.
have x_gt0 : 0 < e - 1 by rewrite subr_gt0.
have [m d_le] := archimedeanR (d / c / (e - 1)).
suff : d / e ^+ m < c by apply/negP; rewrite -leNgt; apply: (c_le m%:Z).
rewrite ltr_pdivr_mulr ?exprn_gt0 // mulrC -ltr_pdivr_mulr //.
move: d_le; rewrite ler_pdivr_mulr // => /le_lt_trans; apply.
have := @one_plus_le_exp R m _ (ltW x_gt0); rewrite addrCA subrr addr0.
by apply: lt_le_trans; rewrite ltr_addr ltr01.
Qed.
