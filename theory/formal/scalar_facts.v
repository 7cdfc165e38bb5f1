(** Facts about numbers that other proofs use: the sector of a slope in [0, 1], the step from the entry and
    the exit of an energy to a bound, and the stationary moments of one linear unit and of its derivative. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** One unit of slope d maps z to d z: its output times what it takes away is d (1 - d) z^2. *)
Theorem fact_sector_identity (R : rcfType) (d z : R) :
  d * z * (z - d * z) = d * z ^+ 2 * (1 - d).
Proof. by ring. Qed.

(** It is not negative for slopes in [0, 1]. *)
Theorem fact_sector (R : rcfType) (d z : R) :
  0 <= d ->
  d <= 1 ->
  0 <= d * z * (z - d * z).
Proof.
move=> d0 d1; rewrite fact_sector_identity; apply: mulr_ge0; last by rewrite subr_ge0.
by apply: mulr_ge0; rewrite ?sqr_ge0.
Qed.

(** An energy that enters with at most 2 x^2 and leaves with at least y^2 / 2 bounds y by 2 x. *)
Theorem fact_entry_times_exit (R : rcfType) (s x y : R) :
  0 <= x ->
  0 <= y ->
  s <= 2%:R * x ^+ 2 ->
  y ^+ 2 <= 2%:R * s ->
  y <= 2%:R * x.
Proof.
move=> x0 y0 enter leave; rewrite -(ler_pexpn2r (n := 2)) ?nnegrE ?mulr_ge0 ?ler0n //.
apply: le_trans leave _; rewrite exprMn -natrX (_ : 2 ^ 2 = 2 * 2)%N // natrM -mulrA.
by rewrite ler_pmul2l ?ltr0n.
Qed.

(** A product is at most the mean of the squares. *)
Theorem fact_products_below_squares (R : rcfType) (u v : R) :
  2%:R * u * v <= u ^+ 2 + v ^+ 2.
Proof.
have -> : u ^+ 2 + v ^+ 2 = 2%:R * u * v + (u - v) ^+ 2 by ring.
by rewrite ler_addl sqr_ge0.
Qed.

(** The geometric mean of two numbers whose sum is 2 is at most 1. *)
Theorem fact_geometric_below_arithmetic (R : rcfType) (p : R) :
  p * (2%:R - p) <= 1.
Proof.
by rewrite -subr_ge0 (_ : _ - _ = (p - 1) ^+ 2) ?sqr_ge0 //; ring.
Qed.

(** A gain of at most 1 cannot keep a bit: the slope of the latch is at most 1 everywhere. *)
Theorem fact_latch_needs_gain (R : rcfType) (w x : R) :
  0 < w ->
  w <= 1 ->
  w * (1 - x ^+ 2) <= 1.
Proof.
move=> w0 w1; apply: le_trans w1; rewrite -[leRHS]mulr1 ler_pmul2l //.
by rewrite ler_subl_addr ler_addl sqr_ge0.
Qed.

(** The stationary moments of h = lambda h + x and of its derivative with respect to lambda, for white x of
    variance 1. *)
Theorem fact_stationary_sensitivity (R : rcfType) (lambda E_h_2 E_h_h' E_h'_2 : R) :
  `|lambda| < 1 ->
  E_h_2 = E_h_2 * lambda ^+ 2 + 1 ->
  E_h_h' = E_h_h' * lambda ^+ 2 + E_h_2 * lambda ->
  E_h'_2 = E_h_2 + E_h'_2 * lambda ^+ 2 + 2%:R * E_h_h' * lambda ->
  E_h_2 = (1 - lambda ^+ 2)^-1 /\ E_h_h' = lambda / (1 - lambda ^+ 2) ^+ 2 /\
  E_h'_2 = (lambda ^+ 2 + 1) / (1 - lambda ^+ 2) ^+ 3.
Proof.
move=> small variance cross square; set r := 1 - lambda ^+ 2.
have r0 : r != 0.
  rewrite /r subr_eq0 eq_sym lt_eqF // -(real_normK (num_real lambda)).
  by rewrite exprn_ilt1 ?normr_ge0.
have moved (a b : R) : a = a * lambda ^+ 2 + b -> a = b / r.
  by move=> e; apply: (mulIf r0); rewrite divfK // /r mulrBr mulr1 {1}e addrC addKr.
have h2 : E_h_2 = r^-1 by rewrite (moved _ _ variance) mul1r.
have hh : E_h_h' = lambda / r ^+ 2.
  by rewrite (moved _ _ cross) h2 expr2 invfM mulrA; congr (_ / _); rewrite mulrC.
split=> //; split=> //.
have e : E_h'_2 = E_h'_2 * lambda ^+ 2 + (E_h_2 + 2%:R * E_h_h' * lambda) by rewrite [LHS]square; ring.
rewrite (moved _ _ e) h2 hh.
have lr : lambda ^+ 2 = 1 - r by rewrite /r; ring.
have -> : lambda ^+ 2 + 1 = r + 2%:R * lambda ^+ 2 by rewrite lr; ring.
by field.
Qed.
