(** The tail of the shared gradient: what the lags from K on add to the derivative in a direction.

    The loss sees the last state, with gradient g; J_i = D_i W, no slope exceeds gamma in modulus,
    ||h_i|| <= H, and eta = gamma ||W|| < 1. S_i is the derivative of h_i in the direction V, e_i the error
    that back-propagation brings to step i. Forward, ||S_i|| <= eta ||S_(i-1)|| + gamma ||V|| H, hence ||S_i||
    <= gamma ||V|| H (1 - eta^i) / (1 - eta); backward, ||e_(T-K)|| <= eta^K ||g||. The lags from K on
    contribute e_(T-K)^T S_(T-K), at most the product. With K = 1 this leaves the part of lag 0 alone, so
    that the total gradient is at least that part minus a number that is the same for all horizons. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From mathcomp Require Import zify ring.
From errorflow Require Import vocabulary length spectral_norm norm_rules theorems_bptt.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section SharedTail.
Variables (R : rcfType) (n m : nat) (D : int -> 'M[R]_n) (S_ : int -> 'cV[R]_n) (V : 'M[R]_(n, m))
  (W : 'M[R]_n).
Variables (h : int -> 'cV[R]_m) (e : int -> 'cV[R]_n) (g : 'cV[R]_n) (gamma H : R) (T : int).
Hypotheses (gamma_ge0 : 0 <= gamma) (T_gt0 : 0 < T).
Hypotheses (diag : forall i, is_diag_mx (D i)) (slopes : forall i, max_abs (D i) <= gamma).
Hypothesis step : forall i : int, 1 <= i -> i <= T -> S_ i = D i *m (V *m h (i - 1) + W *m S_ (i - 1)).
Hypothesis start : norm (S_ 0) = 0.
Hypothesis error : forall i : int, 1 <= i -> i <= T -> (e (i - 1))^T = (e i)^T *m D i *m W.
Hypotheses (last_error : e T = g) (states : forall i, norm (h i) <= H) (contraction : gamma * norm W < 1).

Local Notation eta := (gamma * norm W).
Local Notation copy := (fun j => number ((e j)^T *m (D j)^T *m V *m h (j - 1))).

Lemma gap_gt0 : 0 < 1 - eta. Proof. by rewrite subr_gt0. Qed.

Lemma eta_ge0 : 0 <= eta. Proof. by rewrite mulr_ge0 ?norm_ge0. Qed.

Lemma slope_norm i : norm (D i) <= gamma. Proof. by rewrite norm_diag. Qed.

(** One step of the derivative: ||S_i|| <= eta ||S_(i-1)|| + gamma ||V|| H. *)
Lemma sensitivity_step i : 1 <= i -> i <= T -> norm (S_ i) <= eta * norm (S_ (i - 1)) + gamma * (norm V * H).
Proof.
move=> i_ge1 i_leT; rewrite step // -mulrA -mulrDr.
apply: le_trans (norm_mul_le _ _) _; apply: ler_pmul (norm_ge0 _) (norm_ge0 _) (slope_norm i) _.
apply: le_trans (norm_add_le _ _) _; rewrite addrC; apply: ler_add; first exact: norm_mul_le.
by apply: le_trans (norm_mul_le _ _) _; apply: ler_wpmul2l; rewrite ?norm_ge0.
Qed.

(** ||S_i|| <= gamma ||V|| H (1 - eta^i) / (1 - eta). *)
Lemma sensitivity_le (k : nat) :
  k%:Z <= T -> norm (S_ k) <= gamma * (norm V * H) * (1 - eta ^+ k) / (1 - eta).
Proof.
elim: k => [|k IHk] k_leT; first by rewrite start expr0 subrr mulr0 mul0r.
apply: le_trans (sensitivity_step _ _) _ => //.
have -> : k.+1%:Z - 1 = k%:Z by lia.
apply: le_trans (ler_add (ler_wpmul2l eta_ge0 (IHk _)) (lexx _)) _; first by lia.
rewrite exprS le_eqVlt; apply/orP; left; apply/eqP.
by field; rewrite gt_eqF ?gap_gt0.
Qed.

(** ||e_(T-k)|| <= eta^k ||g||. *)
Lemma error_le (k : nat) : k%:Z <= T -> norm (e (T - k%:Z)) <= eta ^+ k * norm g.
Proof.
elim: k => [|k IHk] k_leT; first by rewrite subr0 last_error expr0 mul1r.
have -> : T - k.+1%:Z = T - k%:Z - 1 by lia.
rewrite -norm_transpose error; [|lia|lia].
apply: le_trans (norm_mul_le _ _) _.
have -> : eta ^+ k.+1 * norm g = eta ^+ k * norm g * gamma * norm W by rewrite exprS; ring.
apply: ler_wpmul2r; first exact: norm_ge0.
apply: le_trans (norm_mul_le _ _) _; rewrite norm_transpose.
by apply: ler_pmul (norm_ge0 _) (norm_ge0 _) (IHk _) (slope_norm _); lia.
Qed.

(** What the copies 1, ..., i contribute is e_i^T S_i. *)
Lemma copiesE i : 0 <= i -> i <= T -> sum_over copy 1 i = number ((e i)^T *m S_ i).
Proof.
move=> i_ge0 i_leT; have := @sum_over_increments _ (fun j => number ((e j)^T *m S_ j)) copy 0 i.
have S0 : S_ 0 = 0 by apply/eqP; rewrite -length_eq0 -norm_vector start.
have -> : number ((e 0)^T *m S_ 0) = 0 by rewrite S0 mulmx0 /number mxE.
rewrite !add0r => -> // j j_ge1 j_le.
by apply: backward_step (diag j) (step _ _) (error _ _) => //; apply: le_trans i_leT.
Qed.

Lemma tail_at_horizon (k l : nat) : T = k%:Z + l%:Z ->
  `|sum_over copy 1 l| <= H * gamma * (eta ^+ k - eta ^+ (k + l)) * norm V * norm g / (1 - eta).
Proof.
move=> TE; rewrite copiesE; [|lia|lia].
apply: le_trans (abs_inner_le _ _) _.
have -> : H * gamma * (eta ^+ k - eta ^+ (k + l)) * norm V * norm g / (1 - eta)
          = gamma * (norm V * H) * (1 - eta ^+ l) / (1 - eta) * (eta ^+ k * norm g).
  by rewrite exprD; ring.
apply: ler_pmul (norm_ge0 _) (norm_ge0 _) (sensitivity_le _) _; first by lia.
by have := @error_le k; rewrite TE addrAC subrr add0r; apply; lia.
Qed.

End SharedTail.

(** The lags from K on add at most gamma ||g|| ||V|| H (eta^K - eta^T) / (1 - eta). *)
Theorem theorem_shared_tail_at_horizon (R : rcfType) (n m : nat) (D : int -> 'M[R]_n)
    (S_ : int -> 'cV[R]_n) (V : 'M[R]_(n, m))
    (W : 'M[R]_n) (h : int -> 'cV[R]_m) (e : int -> 'cV[R]_n) (g : 'cV[R]_n) (gamma H : R)
    (T K : int) :
  0 <= gamma ->
  0 < T ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  (forall i : int, 1 <= i -> i <= T -> S_ i = D i *m (V *m h (i - 1) + W *m S_ (i - 1))) ->
  norm (S_ 0) = 0 ->
  (forall i : int, 1 <= i -> i <= T -> (e (i - 1))^T = (e i)^T *m D i *m W) ->
  e T = g ->
  (forall i : int, norm (h i) <= H) ->
  gamma * norm W < 1 ->
  0 <= K ->
  0 <= T - K ->
  `|sum_over (fun j => number ((e j)^T *m (D j)^T *m V *m h (j - 1))) 1 (T - K)| <=
    H * gamma * ((gamma * norm W) ^ K - (gamma * norm W) ^ T) * norm V * norm g / (1 - gamma * norm W).
Proof.
move=> gamma_ge0 T_gt0 diag slopes step start error last_error states contraction; case: K => // k _ k_leT.
have [l TE] : exists l : nat, T = k%:Z + l%:Z by exists `|T - k%:Z|%N; lia.
have := tail_at_horizon gamma_ge0 T_gt0 diag slopes step start error last_error states contraction TE.
have -> : T - Posz k = l by lia.
by have -> : T = Posz (k + l) by lia.
Qed.

(** The lags from K on add at most gamma ||g|| ||V|| H eta^K / (1 - eta), for every horizon. *)
Theorem theorem_shared_tail (R : rcfType) (n m : nat) (D : int -> 'M[R]_n) (S_ : int -> 'cV[R]_n)
    (V : 'M[R]_(n, m))
    (W : 'M[R]_n) (h : int -> 'cV[R]_m) (e : int -> 'cV[R]_n) (g : 'cV[R]_n) (gamma H : R)
    (T K : int) :
  0 <= gamma ->
  0 < T ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  (forall i : int, 1 <= i -> i <= T -> S_ i = D i *m (V *m h (i - 1) + W *m S_ (i - 1))) ->
  norm (S_ 0) = 0 ->
  (forall i : int, 1 <= i -> i <= T -> (e (i - 1))^T = (e i)^T *m D i *m W) ->
  e T = g ->
  (forall i : int, norm (h i) <= H) ->
  gamma * norm W < 1 ->
  0 <= K ->
  0 <= T - K ->
  `|sum_over (fun j => number ((e j)^T *m (D j)^T *m V *m h (j - 1))) 1 (T - K)| <=
    H * gamma * (gamma * norm W) ^ K * norm V * norm g / (1 - gamma * norm W).
Proof.
move=> gamma_ge0 T_gt0 diag slopes step start error last_error states contraction K_ge0 K_leT.
have H_ge0 : 0 <= H := le_trans (norm_ge0 _) (states 0).
apply: le_trans (theorem_shared_tail_at_horizon gamma_ge0 T_gt0 diag slopes step start error last_error states
  contraction K_ge0 K_leT) _.
rewrite ler_pmul2r ?invr_gt0 ?subr_gt0 // ler_wpmul2r ?norm_ge0 // ler_wpmul2r ?norm_ge0 //.
rewrite ler_wpmul2l ?mulr_ge0 // ler_subl_addr ler_addl.
by case: (T) T_gt0 => // t _; rewrite exprn_ge0 ?eta_ge0.
Qed.

(** The total gradient in a direction V is at least its part of lag 0 minus
    gamma ||g|| ||V|| H eta / (1 - eta). *)
Theorem theorem_total_gradient_in_direction (R : rcfType) (n m : nat) (D : int -> 'M[R]_n)
    (S_ : int -> 'cV[R]_n) (V : 'M[R]_(n, m))
    (W : 'M[R]_n) (h : int -> 'cV[R]_m) (e : int -> 'cV[R]_n) (g : 'cV[R]_n) (gamma H : R) (T : int) :
  0 <= gamma ->
  0 < T ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  (forall i : int, 1 <= i -> i <= T -> S_ i = D i *m (V *m h (i - 1) + W *m S_ (i - 1))) ->
  norm (S_ 0) = 0 ->
  (forall i : int, 1 <= i -> i <= T -> (e (i - 1))^T = (e i)^T *m D i *m W) ->
  e T = g ->
  (forall i : int, norm (h i) <= H) ->
  gamma * norm W < 1 ->
  1 <= T ->
  number (g^T *m (D T)^T *m V *m h (T - 1))
    - H * gamma ^+ 2 * norm V * norm W * norm g / (1 - gamma * norm W) <= number (g^T *m S_ T).
Proof.
move=> gamma_ge0 T_gt0 diag slopes step start error last_error states contraction T_ge1.
have rest : 0 <= T - 1 by rewrite subr_ge0.
have := theorem_shared_tail gamma_ge0 T_gt0 diag slopes step start error last_error states
  contraction ler01 rest.
rewrite (copiesE diag step start error) // ?ger_addl ?oppr_le0 // expr1z => tail.
rewrite -[X in number (X^T *m S_ T)]last_error
  (backward_step (diag T) (step T _ _) (error T _ _)) // last_error.
have -> : H * gamma ^+ 2 * norm V * norm W * norm g = H * gamma * (gamma * norm W) * norm V * norm g by ring.
by rewrite addrC ler_add2r ler_oppl (le_trans _ tail) // -normrN ler_norm.
Qed.

(** Along a direction of norm 1 in which the part of lag 0 is largest, the total gradient has a floor that
    is the same for all horizons. *)
Theorem theorem_total_gradient_stays (R : rcfType) (n m : nat) (D : int -> 'M[R]_n)
    (S_ : int -> 'cV[R]_n) (V : 'M[R]_(n, m))
    (W : 'M[R]_n) (h : int -> 'cV[R]_m) (e : int -> 'cV[R]_n) (g : 'cV[R]_n) (gamma H : R) (T : int) :
  0 <= gamma ->
  0 < T ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  (forall i : int, 1 <= i -> i <= T -> S_ i = D i *m (V *m h (i - 1) + W *m S_ (i - 1))) ->
  norm (S_ 0) = 0 ->
  (forall i : int, 1 <= i -> i <= T -> (e (i - 1))^T = (e i)^T *m D i *m W) ->
  e T = g ->
  (forall i : int, norm (h i) <= H) ->
  gamma * norm W < 1 ->
  1 <= T ->
  norm V = 1 ->
  number (g^T *m (D T)^T *m V *m h (T - 1)) = norm (h (T - 1)) * norm (D T *m g) ->
  norm (h (T - 1)) * norm (D T *m g) - H * gamma ^+ 2 * norm W * norm g / (1 - gamma * norm W) <=
    number (g^T *m S_ T).
Proof.
move=> gamma_ge0 T_gt0 diag slopes step start error last_error states contraction T_ge1 V1 along.
have := theorem_total_gradient_in_direction gamma_ge0 T_gt0 diag slopes step start error last_error
  states contraction T_ge1.
by rewrite along V1 mulr1.
Qed.
