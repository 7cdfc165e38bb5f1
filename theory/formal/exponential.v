(** The exponential function of the real numbers lies above its tangent at 0. *)

From Coq Require Import Reals Lra.

Local Open Scope R_scope.

(** 1 + c <= e^c for every real c. *)
Theorem add_one_le_exp (c : R) : 1 + c <= exp c.
Proof. exact (exp_ineq1_le c). Qed.
