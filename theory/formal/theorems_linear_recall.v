(** What the total gradient of a linear network says of an input, exactly.

    The network h_t = W h_{t-1} + w_t has the readout c^T h_T. The target y* is correlated with the input of
    step T - k alone, E[y* w_{T-k}] = b. The sensitivity of the state to W in the direction V obeys
    S_t = W S_{t-1} + V h_{t-1}. With r_0 = b, r_i = W r_{i-1} and e_0 = c, e_i^T = e_{i-1}^T W,

      E[y* c^T S_T] = the sum over j = T-k+1, ..., T of e_{T-j}^T V r_{j-1-(T-k)}.

    For m_i = E[y* h_i] is b at step T-k and W m_{i-1} after it, hence r_{i-(T-k)}; and E[y* e_{T-i}^T S_i]
    grows by e_{T-i}^T V m_{i-1} in step i.

    The means of y* e_{T-i}^T S_i are not supposed to exist before step T. So "f has the mean x" says that f
    agrees, outcome by outcome, with an integrable number of mean x. *)

From mathcomp Require Import all_ssreflect all_algebra zify.
From errorflow Require Import vocabulary length steps norm_rules expectation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section HasMean.
Variables (R : rcfType) (Omega : Type) (E : expectation R Omega).
Implicit Types (f g : Omega -> R) (x y : R).

(** f agrees with an integrable number of mean x. *)
Definition has_mean f x : Prop := exists g, [/\ integrable E g, forall o, f o = g o & mean E g = x].

Lemma has_mean_integrable f x : integrable E f -> mean E f = x -> has_mean f x.
Proof. by exists f. Qed.

(** The mean of an integrable number is the one that it has. *)
Lemma has_meanE f x : integrable E f -> has_mean f x -> mean E f = x.
Proof. by move=> f_int [g [g_int fg <-]]; apply: mean_eq. Qed.

(** The mean is additive. *)
Lemma has_mean_add f g h x y :
  (forall o, h o = f o + g o) -> has_mean f x -> has_mean g y -> has_mean h (x + y).
Proof.
move=> hE [f' [f_int fE <-]] [g' [g_int gE <-]]; exists (fun o => 1 * f' o + g' o); split.
- exact: integrable_combination.
- by move=> o; rewrite hE fE gE mul1r.
by rewrite mean_combination // mul1r.
Qed.

End HasMean.

(** The part of the expected total gradient that knows the target: k terms, the rest cancels in the mean. *)
Theorem theorem_linear_recall (R : rcfType) (Omega : Type) (E : expectation R Omega) (n : nat) (W : 'M[R]_n)
    (h w S_ : int -> Omega -> 'cV[R]_n) (V : 'M[R]_n) (m : int -> 'cV[R]_n) (b : 'cV[R]_n)
    (r e : int -> 'cV[R]_n) (c : 'cV[R]_n) (y_star : Omega -> R) (T k : int) :
  0 < T ->
  0 <= k ->
  integrable E (fun o => y_star o * number (c^T *m S_ T o)) ->
  (forall (i : int) (o : Omega), T - k <= i -> h i o = w i o + W *m h (i - 1) o) ->
  (forall (i : int) (o : Omega), T - k + 1 <= i -> S_ i o = V *m h (i - 1) o + W *m S_ (i - 1) o) ->
  (forall (v : 'cV[R]_n) (i : int), integrable E (fun o => y_star o * number (v^T *m h i o))) ->
  (forall (v : 'cV[R]_n) (i : int),
    number (v^T *m m i) = mean E (fun o => y_star o * number (v^T *m h i o))) ->
  (forall v : 'cV[R]_n, integrable E (fun o => y_star o * number (v^T *m h (T - k - 1) o))) ->
  (forall v : 'cV[R]_n, mean E (fun o => y_star o * number (v^T *m h (T - k - 1) o)) = 0) ->
  (forall v : 'cV[R]_n, integrable E (fun o => y_star o * number (v^T *m w (T - k) o))) ->
  (forall v : 'cV[R]_n, mean E (fun o => y_star o * number (v^T *m w (T - k) o)) = number (v^T *m b)) ->
  (forall (v : 'cV[R]_n) (i : int), T - k + 1 <= i ->
    integrable E (fun o => y_star o * number (v^T *m w i o))) ->
  (forall (v : 'cV[R]_n) (i : int), T - k + 1 <= i ->
    mean E (fun o => y_star o * number (v^T *m w i o)) = 0) ->
  (forall v : 'cV[R]_n, integrable E (fun o => y_star o * number (v^T *m S_ (T - k) o))) ->
  (forall v : 'cV[R]_n, mean E (fun o => y_star o * number (v^T *m S_ (T - k) o)) = 0) ->
  (forall i : int, 1 <= i -> r i = W *m r (i - 1)) ->
  r 0 = b ->
  (forall i : int, 1 <= i -> (e i)^T = (e (i - 1))^T *m W) ->
  e 0 = c ->
  mean E (fun o => y_star o * number (c^T *m S_ T o))
  = sum_over (fun j => number ((e (T - j))^T *m V *m r (j + k - T - 1))) (T - k + 1) T.
Proof.
move=> _ k_ge0 S_int h_step S_step h_int m_mean past_int past w_first_int w_first w_int w_mean S_first_int
  S_first r_step r0 e_step e0.
pose first := T - k.
(* E[y* h_i] has the same inner products as b or as W E[y* h_(i-1)]. *)
have h_mean v i : first <= i -> number (v^T *m m i)
    = mean E (fun o => y_star o * number ((W^T *m v)^T *m h (i - 1) o))
      + mean E (fun o => y_star o * number (v^T *m w i o)).
  move=> i_ge; rewrite m_mean; apply: has_meanE => //.
  apply: (@has_mean_add _ _ _ (fun o => y_star o * number ((W^T *m v)^T *m h (i - 1) o))
            (fun o => y_star o * number (v^T *m w i o))).
  - by move=> o; rewrite h_step // trmx_mul trmxK mulmxDr numberD mulrDr addrC mulmxA.
  - by apply: has_mean_integrable; first exact: h_int.
  apply: has_mean_integrable => //.
  have [->|i_neq] := eqVneq i first; first exact: w_first_int.
  by apply: w_int; move: i_ge i_neq; rewrite /first; lia.
have m_first : m first = b.
  by apply: ext_inner => v; rewrite h_mean // past add0r w_first.
have m_next i : first + 1 <= i -> m i = W *m m (i - 1).
  move=> i_ge; apply: ext_inner => v; rewrite h_mean; last by lia.
  by rewrite w_mean // addr0 -m_mean trmx_mul trmxK mulmxA.
have m_powers (j : nat) : m (first + j%:Z) = r j%:Z.
  elim: j => [|j IHj]; first by rewrite addr0 m_first r0.
  rewrite m_next; last by lia.
  have -> : first + j.+1%:Z - 1 = first + j%:Z by lia.
  rewrite IHj [RHS]r_step; last by lia.
  by have -> : j.+1%:Z - 1 = j%:Z by lia.
pose term j := number ((e (T - j))^T *m V *m r (j + k - T - 1)).
have size (j : nat) : j%:Z <= k ->
    has_mean E (fun o => y_star o * number ((e (T - (first + j%:Z)))^T *m S_ (first + j%:Z) o))
      (sum_over term (first + 1) (first + j%:Z)).
  elim: j => [|j IHj] j_le.
    rewrite addr0 sum_over_empty; last by lia.
    by apply: has_mean_integrable; [apply: S_first_int | apply: S_first].
  have last_step : first + 1 <= first + j.+1%:Z by lia.
  rewrite (sum_over_last _ last_step).
  have before : first + j.+1%:Z - 1 = first + j%:Z by lia.
  rewrite before; set i := first + j.+1%:Z in last_step before *.
  apply: has_mean_add (IHj _) _; last 2 first.
  - by lia.
  - apply: (@has_mean_integrable _ _ _
        (fun o => y_star o * number ((V^T *m e (T - i))^T *m h (first + j%:Z) o))); first exact: h_int.
    rewrite -m_mean m_powers trmx_mul trmxK /term.
    by have -> : i + k - T - 1 = j%:Z by rewrite /i /first; lia.
  move=> o; rewrite S_step // before mulmxDr numberD mulrDr addrC trmx_mul trmxK !mulmxA.
  congr (_ * number (_ *m _) + _).
  have e_i := e_step (T - i + 1); rewrite addrK in e_i; rewrite -e_i; last by rewrite /i /first; lia.
  by congr (e _)^T; rewrite /i; lia.
have k_nat : k = `|k|%N by lia.
have := size `|k|%N; rewrite -k_nat /first subrK subrr e0 => /(_ (lexx k)).
exact: has_meanE.
Qed.
