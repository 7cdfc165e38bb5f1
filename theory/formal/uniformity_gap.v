(** Factors below 1 are not enough: a product of T factors in (0, 1) that stays above 1/2 for every T.

    The factors are 1 - 1/(t+2)^2 for t = 0, 1, ..., the slopes of the linear net
    x_{t+1} = (1 - 1/(t+2)^2) x_t. Their product telescopes to (T+2)/(2(T+1)). What makes a product of
    slopes vanish is one common bound c < 1. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Gap.
Variable R : numFieldType.

Definition factor (t : nat) : R := 1 - (t.+2%:R ^+ 2)^-1.

(** Each factor is positive and below 1. *)
Theorem factor_below_one t : 0 < factor t < 1.
Proof.
have t2 : 1 < t.+2%:R ^+ 2 :> R by rewrite exprn_egt1 // ltr1n.
have t0 : 0 < t.+2%:R ^+ 2 :> R by exact: lt_trans ltr01 t2.
by rewrite /factor subr_gt0 invf_lt1 // t2 /= ltr_subl_addr ltr_addl invr_gt0.
Qed.

(** The product of the first T factors. *)
Theorem gap_product T :
  \prod_(0 <= t < T) (1 - (t.+2%:R ^+ 2)^-1) = T.+2%:R / (2%:R * T.+1%:R) :> R.
Proof.
elim: T => [|T IH]; first by rewrite big_nil mulr1 divff // pnatr_eq0.
rewrite big_nat_recr //= IH.
have n1 : T.+1%:R != 0 :> R by rewrite pnatr_eq0.
have n2 : T.+1%:R + 1 != 0 :> R by rewrite -mulrSr pnatr_eq0.
rewrite (mulrSr _ T.+2) (mulrSr _ T.+1); move: T.+1%:R n1 n2 => n n1 n2.
by field; rewrite n1 n2.
Qed.

(** It stays above 1/2 for every T. *)
Theorem product_above_half T : 2%:R^-1 < \prod_(0 <= t < T) factor t.
Proof.
have T1 : 0 < T.+1%:R :> R by rewrite ltr0n.
rewrite gap_product invfM mulrA ltr_pdivl_mulr // mulrC ltr_pmul2r ?invr_gt0 ?ltr0n //.
by rewrite ltr_nat.
Qed.

End Gap.
