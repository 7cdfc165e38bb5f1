(** Numbers of a field, compared by computing: numerals under sums, products, quotients and powers are
    fractions p/q of whole numbers, and two fractions are compared by p q' < p' q. *)

From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify ssrZ.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Fractions.
Variable F : numFieldType.

Definition whole (z : Z) : F := (int_of_Z z)%:~R.

(** x = p / q. *)
Definition fraction (x : F) (p : Z) (q : positive) : Prop := x * whole (Zpos q) = whole p.

Lemma wholeD a b : whole (Z.add a b) = whole a + whole b.
Proof. by rewrite /whole -rmorphD; congr intmul; lia. Qed.

Lemma wholeM a b : whole (Z.mul a b) = whole a * whole b.
Proof. by rewrite /whole -rmorphM; congr intmul; lia. Qed.

Lemma wholeN a : whole (Z.opp a) = - whole a.
Proof. by rewrite /whole -rmorphN; congr intmul; lia. Qed.

Lemma whole_lt a b : (whole a < whole b) = Z.ltb a b.
Proof. by rewrite /whole ltr_int; lia. Qed.

Lemma whole_le a b : (whole a <= whole b) = Z.leb a b.
Proof. by rewrite /whole ler_int; lia. Qed.

Lemma whole_eq a b : (whole a == whole b) = Z.eqb a b.
Proof. by rewrite /whole eqr_int; lia. Qed.

Lemma whole_gt0 q : 0 < whole (Zpos q).
Proof. by rewrite -[0]/(whole Z0) whole_lt. Qed.

Lemma whole_neq0 q : whole (Zpos q) != 0.
Proof. by rewrite gt_eqF ?whole_gt0. Qed.

Lemma whole_nat n : whole (Z.of_nat n) = n%:R.
Proof. by rewrite /whole pmulrn; congr intmul; lia. Qed.

Lemma fraction_numeral n : fraction n%:R (Z.of_nat n) 1.
Proof. by rewrite /fraction whole_nat mulr1. Qed.

Lemma fraction0 : fraction 0 Z0 1.
Proof. exact: (fraction_numeral 0). Qed.

Lemma fraction1 : fraction 1 (Zpos 1) 1.
Proof. exact: (fraction_numeral 1). Qed.

Lemma fractionD x y p q p' q' :
  fraction x p q -> fraction y p' q' ->
  fraction (x + y) (Z.add (Z.mul p (Zpos q')) (Z.mul p' (Zpos q))) (Pos.mul q q').
Proof. by rewrite /fraction Pos2Z.inj_mul wholeD !wholeM => <- <-; ring. Qed.

Lemma fractionM x y p q p' q' : fraction x p q -> fraction y p' q' ->
  fraction (x * y) (Z.mul p p') (Pos.mul q q').
Proof. by rewrite /fraction Pos2Z.inj_mul !wholeM => <- <-; ring. Qed.

Lemma fractionMn x p q n : fraction x p q -> fraction (x *+ n) (Z.mul p (Z.of_nat n)) q.
Proof. by rewrite /fraction wholeM whole_nat => <-; rewrite -mulr_natr; ring. Qed.

Lemma fractionN x p q : fraction x p q -> fraction (- x) (Z.opp p) q.
Proof. by rewrite /fraction wholeN => <-; ring. Qed.

Lemma fractionV x p q : fraction x p q -> Z.ltb Z0 p = true -> fraction x^-1 (Zpos q) (Z.to_pos p).
Proof.
case: p => // p; rewrite /fraction /= => xq _.
have x_neq0 : x != 0 by apply: contraTneq (whole_gt0 p) => x0; rewrite -xq x0 mul0r ltxx.
by rewrite -xq mulrA mulVf ?mul1r.
Qed.

Lemma fractionX x p q n :
  fraction x p q -> fraction (x ^+ n) (Z.pow p (Z.of_nat n)) (Z.to_pos (Z.pow (Zpos q) (Z.of_nat n))).
Proof.
rewrite /fraction => xq; rewrite Z2Pos.id; last by lia.
have power z : whole (Z.pow z (Z.of_nat n)) = whole z ^+ n.
  by elim: n => [|n IH] //; rewrite Nat2Z.inj_succ Z.pow_succ_r ?wholeM ?IH ?exprS //; lia.
by rewrite !power -xq exprMn.
Qed.

Lemma lt_fraction x y p q p' q' :
  fraction x p q -> fraction y p' q' -> Z.ltb (Z.mul p (Zpos q')) (Z.mul p' (Zpos q)) = true -> x < y.
Proof.
rewrite /fraction -whole_lt !wholeM => <- <-.
by rewrite mulrAC ltr_pmul2r ?whole_gt0 // ltr_pmul2r ?whole_gt0.
Qed.

Lemma le_fraction x y p q p' q' :
  fraction x p q -> fraction y p' q' -> Z.leb (Z.mul p (Zpos q')) (Z.mul p' (Zpos q)) = true -> x <= y.
Proof.
rewrite /fraction -whole_le !wholeM => <- <-.
by rewrite mulrAC ler_pmul2r ?whole_gt0 // ler_pmul2r ?whole_gt0.
Qed.

Lemma eq_fraction x y p q p' q' :
  fraction x p q -> fraction y p' q' -> Z.eqb (Z.mul p (Zpos q')) (Z.mul p' (Zpos q)) = true -> x = y.
Proof.
rewrite /fraction -whole_eq !wholeM => <- <- /eqP same.
by apply: (mulIf (whole_neq0 q)); apply: (mulIf (whole_neq0 q')); rewrite same mulrAC.
Qed.

Lemma neq_fraction x y p q p' q' :
  fraction x p q -> fraction y p' q' -> Z.eqb (Z.mul p (Zpos q')) (Z.mul p' (Zpos q)) = false -> x != y.
Proof.
rewrite /fraction -whole_eq !wholeM => <- <-; apply: contraFneq => ->.
by rewrite mulrAC.
Qed.

End Fractions.

(** The numerals of the library are integers in the ring; [ring] and [field] want natural numbers and
    signs. *)
Lemma negative_numeral (R : ringType) n : (Negz n)%:~R = - n.+1%:R :> R.
Proof. by []. Qed.

Ltac numerals := rewrite -?pmulrn ?negative_numeral.

Ltac as_fraction :=
  match goal with
  | |- fraction 0 _ _ => exact: fraction0
  | |- fraction 1 _ _ => exact: fraction1
  | |- fraction _%:R _ _ => exact: fraction_numeral
  | |- fraction (_ *+ _) _ _ => apply: fractionMn; as_fraction
  | |- fraction (_ + _) _ _ => apply: fractionD; as_fraction
  | |- fraction (_ * _) _ _ => apply: fractionM; as_fraction
  | |- fraction (- _) _ _ => apply: fractionN; as_fraction
  | |- fraction (_ ^+ _) _ _ => apply: fractionX; as_fraction
  | |- fraction _^-1 _ _ => apply: fractionV; [as_fraction | by vm_compute]
  end.

(** Proves x < y, x <= y, x = y or x != y between numbers. *)
Ltac ground :=
  numerals;
  match goal with
  | |- is_true (_ < _) => eapply lt_fraction
  | |- is_true (_ <= _) => eapply le_fraction
  | |- is_true (_ != _) => eapply neq_fraction
  | |- _ = _ => eapply eq_fraction
  end; [as_fraction | as_fraction | by vm_compute].
