(** Back-propagation through time, as a theorem about derivatives.

    A net x_{t+1} = F_t(theta, x_t) is unrolled for T steps. Every step uses the same parameter theta: T
    copies of one parameter. If F_t has at (theta, x_t) the derivative B_t in the parameter and the
    Jacobian J_t in the state, then the derivative of theta |-> x_T is the sum over the copies k of

      J_{T-1} ... J_{k+1} B_k,

    and the term k is the derivative of x_T when only copy k of the parameter is moved.

    Parameters and states are elements of any real normed spaces: vectors, matrices, tuples of matrices. A
    derivative is Frechet's: filterdiff f (locally x) l says that l is linear and bounded (is_linear) and
    that f(x + d) = f(x) + l(d) + o(|d|). *)

From Coq Require Import Reals Lia Arith ssreflect.
From Coquelicot Require Import Coquelicot.
From errorflow Require Import frechet.

Set Implicit Arguments.
Unset Strict Implicit.

(** * Unrolled nets *)

Section Nets.
Context {P X : NormedModule R_AbsRing}.

(** The state x_T of the net x_{t+1} = F_t(theta, x_t) that starts in x0. *)
Fixpoint state (F : nat -> P -> X -> X) (theta : P) (x0 : X) (T : nat) : X :=
  match T with
  | O => x0
  | S t => F t theta (state F theta x0 t)
  end.

(** The same net with untied copies: step t has a parameter theta_t of its own. *)
Fixpoint untied (F : nat -> P -> X -> X) (thetas : nat -> P) (x0 : X) (T : nat) : X :=
  match T with
  | O => x0
  | S t => F t (thetas t) (untied F thetas x0 t)
  end.

(** All copies are theta, but those in the set M are p. *)
Definition moved (M : nat -> bool) (theta p : P) : nat -> P := fun t => if M t then p else theta.

(** J_{T-1} ... J_{s+1} J_s, the latest step outermost; the identity where T <= s. *)
Fixpoint chain (J : nat -> X -> X) (s T : nat) (v : X) : X :=
  match T with
  | O => v
  | S t => if Nat.leb s t then J t (chain J s t v) else v
  end.

(** The parameter derivative B and the state Jacobian J of one step f at (theta, x). *)
Record partials (f : P -> X -> X) (theta : P) (x : X) (B : P -> X) (J : X -> X) : Prop := {
  linear_B : is_linear B;
  linear_J : is_linear J;
  derivative_is_sum : filterdiff (fun a : P * X => f (fst a) (snd a)) (locally (theta, x))
                                 (fun d : P * X => plus (B (fst d)) (J (snd d)))
}.

End Nets.

(** The set that holds copy k alone. *)
Definition only (k : nat) : nat -> bool := Nat.eqb k.

Lemma sum_only (X : NormedModule R_AbsRing) (f : nat -> X) k T :
  (k < T)%nat -> sum_below (fun t => if only k t then f t else zero) T = f k.
Proof.
elim: T => [|T IH] kT /=; first lia.
case: (Nat.eq_dec k T) => [->|kT'].
- rewrite /only Nat.eqb_refl (@sum_ext _ _ (fun _ => zero)) ?sum_zero ?plus_zero_l // => t tT.
  by have /Nat.eqb_neq -> : T <> t by lia.
- by rewrite IH; last lia; rewrite /only (proj2 (Nat.eqb_neq k T) kT') plus_zero_r.
Qed.

(** * One step *)

Section Steps.
Context {P X : NormedModule R_AbsRing}.
Implicit Types (f : P -> X -> X) (theta : P) (x : X).

(** Every step with a derivative D has partials: D(d, 0) and D(0, v). *)
Lemma partials_exist f theta x (D : P * X -> X) :
  filterdiff (fun a : P * X => f (fst a) (snd a)) (locally (theta, x)) D ->
  partials f theta x (fun d => D (d, zero)) (fun v => D (zero, v)).
Proof.
move=> fD; have [lin _] := fD.
split.
- by apply: (is_linear_comp (fun d => (d, zero)) D) => //; apply: is_linear_prod;
    [exact: is_linear_id | exact: is_linear_zero].
- by apply: (is_linear_comp (fun v => (zero, v)) D) => //; apply: is_linear_prod;
    [exact: is_linear_zero | exact: is_linear_id].
- apply: filterdiff_ext_lin fD _ => -[d v] /=.
  by rewrite -(linear_plus _ lin) /plus /= /prod_plus /= plus_zero_l plus_zero_r.
Qed.

(** The partials are the derivatives in one argument while the other one is fixed. *)
Lemma partials_are_slices f theta x B J : partials f theta x B J ->
  filterdiff (fun p => f p x) (locally theta) B /\ filterdiff (fun y => f theta y) (locally x) J.
Proof.
case=> linB linJ fBJ; split.
- apply: (@filterdiff_ext_lin _ _ _ _ _ _ (fun d => plus (B d) (J zero))); last first.
    by move=> d; rewrite (linear_zero _ linJ) plus_zero_r.
  apply: (filterdiff_comp'_2 (fun p => p) (fun _ => x) f _ (fun d => d) (fun _ => zero)
                             (fun d v => plus (B d) (J v))) => //.
  - exact: filterdiff_id.
  - exact: filterdiff_const.
- apply: (@filterdiff_ext_lin _ _ _ _ _ _ (fun v => plus (B zero) (J v))); last first.
    by move=> v; rewrite (linear_zero _ linB) plus_zero_l.
  apply: (filterdiff_comp'_2 (fun _ => theta) (fun y => y) f _ (fun _ => zero) (fun v => v)
                             (fun d v => plus (B d) (J v))) => //.
  - exact: filterdiff_const.
  - exact: filterdiff_id.
Qed.

(** A product of Jacobians: its first factor, a full product, an empty one, and linearity. *)
Lemma chain_last (J : nat -> X -> X) s t v : (s <= t)%nat -> chain J s (S t) v = J t (chain J s t v).
Proof. by move=> st /=; rewrite (proj2 (Nat.leb_le s t) st). Qed.

Lemma chain_empty (J : nat -> X -> X) s T v : (T <= s)%nat -> chain J s T v = v.
Proof.
case: T => [|t] //= ts.
by have /Nat.leb_gt -> : (t < s)%nat by lia.
Qed.

(** The backward step of back-propagation: what reaches x_T from x_k goes through x_{k+1}. *)
Lemma chain_first (J : nat -> X -> X) k T v : (k < T)%nat -> chain J k T v = chain J (S k) T (J k v).
Proof.
elim: T => [|T IH] kT; first lia.
case: (Nat.eq_dec k T) => [<-|kT'].
- by rewrite chain_last // !chain_empty.
- by rewrite !chain_last; try lia; rewrite IH //; lia.
Qed.

Lemma linear_chain (J : nat -> X -> X) s T :
  (forall t, (t < T)%nat -> is_linear (J t)) -> is_linear (chain J s T).
Proof.
elim: T => [|T IH] linJ /=; first exact: is_linear_id.
case: (Nat.leb s T); last exact: is_linear_id.
apply: (is_linear_comp (chain J s T) (J T)); last by apply: linJ; lia.
by apply: IH => t tT; apply: linJ; lia.
Qed.

(** The forward recursion S_{t+1} = J_t S_t + B_t, from S_0, and its solution. *)
Fixpoint sensitivity (B : nat -> X) (J : nat -> X -> X) (S0 : X) (T : nat) : X :=
  match T with
  | O => S0
  | S t => plus (B t) (J t (sensitivity B J S0 t))
  end.

Lemma sensitivity_unrolled B J S0 T : (forall t, (t < T)%nat -> is_linear (J t)) ->
  sensitivity B J S0 T = plus (chain J 0 T S0) (sum_below (fun k => chain J (S k) T (B k)) T).
Proof.
elim: T => [|T IH] linJ; cbn [sensitivity sum_below]; first by rewrite plus_zero_r.
have linT : is_linear (J T) by apply: linJ; lia.
rewrite IH => [|t tT]; last by apply: linJ; lia.
rewrite (linear_plus _ linT) (linear_sum _ _ linT) -chain_last; last lia.
rewrite (plus_comm (B T)) -plus_assoc; congr plus; congr plus; last by rewrite chain_empty.
by apply: sum_ext => k kT; rewrite chain_last.
Qed.

End Steps.

(** * The derivative of an unrolled net *)

Section Derivatives.
Context {Q P X : NormedModule R_AbsRing}.

(** Copies and start that depend on q in any differentiable way: one term per copy and one for the start. *)
Theorem untied_derivative (F : nat -> P -> X -> X) (thetas : Q -> nat -> P) (x0 : Q -> X) (q : Q)
    (B : nat -> P -> X) (J : nat -> X -> X) (A : nat -> Q -> P) (S0 : Q -> X) (T : nat) :
  filterdiff x0 (locally q) S0 ->
  (forall t, (t < T)%nat -> filterdiff (fun q => thetas q t) (locally q) (A t)) ->
  (forall t, (t < T)%nat -> partials (F t) (thetas q t) (untied F (thetas q) (x0 q) t) (B t) (J t)) ->
  filterdiff (fun q => untied F (thetas q) (x0 q) T) (locally q)
             (fun d => plus (chain J 0 T (S0 d)) (sum_below (fun k => chain J (S k) T (B k (A k d))) T)).
Proof.
move=> dx0 dthetas dF.
apply: (@filterdiff_ext_lin _ _ _ _ _ _ (fun d => sensitivity (fun t => B t (A t d)) J (S0 d) T)); last first.
  by move=> d; apply: sensitivity_unrolled => t tT; case: (dF t tT).
elim: T dthetas dF => [|T IH] //= dthetas dF.
have /dF [_ _ dFT] : (T < S T)%nat by lia.
apply: (filterdiff_comp'_2 (fun q => thetas q T) (fun q => untied F (thetas q) (x0 q) T) (F T) _
                           (A T) _ (fun d v => plus (B T d) (J T v))) dFT.
- by apply: dthetas; lia.
- by apply: IH => t tT; [apply: dthetas | apply: dF]; lia.
Qed.

End Derivatives.

Section Tied.
Context {P X Y : NormedModule R_AbsRing}.
Implicit Types (F : nat -> P -> X -> X) (theta p : P) (B : nat -> P -> X) (J : nat -> X -> X) (T : nat).

(** On the diagonal, where all copies are equal, the untied net is the tied one. *)
Lemma untied_on_diagonal F p x0 T : untied F (fun _ => p) x0 T = state F p x0 T.
Proof. by elim: T => [|T IH] //=; rewrite IH. Qed.

Lemma untied_ext F (thetas thetas' : nat -> P) x0 T :
  (forall t, thetas t = thetas' t) -> untied F thetas x0 T = untied F thetas' x0 T.
Proof. by move=> same; elim: T => [|T IH] //=; rewrite IH same. Qed.

Lemma moved_nowhere (M : nat -> bool) F theta x0 T : untied F (moved M theta theta) x0 T = state F theta x0 T.
Proof. by rewrite -untied_on_diagonal; apply: untied_ext => t; rewrite /moved; case: (M t). Qed.

(** The start may depend on the parameter as well: the sum over the copies, and one term for the start. *)
Theorem unrolled_derivative_with_start F theta (x0 : P -> X) B J (S0 : P -> X) T :
  filterdiff x0 (locally theta) S0 ->
  (forall t, (t < T)%nat -> partials (F t) theta (state F theta (x0 theta) t) (B t) (J t)) ->
  filterdiff (fun p => state F p (x0 p) T) (locally theta)
             (fun d => plus (chain J 0 T (S0 d)) (sum_below (fun k => chain J (S k) T (B k d)) T)).
Proof.
move=> dx0 dF.
apply: (filterdiff_ext (fun p => untied F (fun _ => p) (x0 p) T)).
  by move=> p; exact: untied_on_diagonal.
apply: (untied_derivative (thetas := fun p _ => p) (A := fun _ d => d) dx0) => t tT.
- exact: filterdiff_id.
- by rewrite untied_on_diagonal; exact: dF.
Qed.

(** Back-propagation through time: the derivative of x_T with respect to a parameter that every step
    shares is the sum over the copies k of J_{T-1} ... J_{k+1} after B_k. One step map f for all steps is the
    case F = (fun _ => f). *)
Theorem unrolled_derivative F theta x0 B J T :
  (forall t, (t < T)%nat -> partials (F t) theta (state F theta x0 t) (B t) (J t)) ->
  filterdiff (fun p => state F p x0 T) (locally theta)
             (fun d => sum_below (fun k => chain J (S k) T (B k d)) T).
Proof.
move=> dF; have dx0 : filterdiff (fun _ : P => x0) (locally theta) (fun _ => zero) by exact: filterdiff_const.
apply: filterdiff_ext_lin (unrolled_derivative_with_start dx0 dF) _ => d.
rewrite (linear_zero (chain J 0 T)) ?plus_zero_l //; apply: linear_chain => t tT.
by case: (dF t tT).
Qed.

(** Move the copies in the set M and leave the other ones: the sum over the copies in M. For the latest K
    copies, M t = (T - K <= t), it is what back-propagation truncated after K steps computes. *)
Theorem moved_derivative (M : nat -> bool) F theta x0 B J T :
  (forall t, (t < T)%nat -> partials (F t) theta (state F theta x0 t) (B t) (J t)) ->
  filterdiff (fun p => untied F (moved M theta p) x0 T) (locally theta)
             (fun d => sum_below (fun k => if M k then chain J (S k) T (B k d) else zero) T).
Proof.
move=> dF; have dx0 : filterdiff (fun _ : P => x0) (locally theta) (fun _ => zero) by exact: filterdiff_const.
have linJ t : (t < T)%nat -> is_linear (J t) by move=> tT; case: (dF t tT).
have dM t : filterdiff (fun p => moved M theta p t) (locally theta) (fun d => if M t then d else zero).
  by rewrite /moved; case: (M t); [exact: filterdiff_id | exact: filterdiff_const].
apply: filterdiff_ext_lin (untied_derivative dx0 (fun t _ => dM t) _) _.
- by move=> t tT; rewrite moved_nowhere /moved; case: (M t); exact: dF.
- move=> d; rewrite (linear_zero _ (linear_chain _ linJ)) plus_zero_l.
  apply: sum_ext => k kT; case: (M k) => //.
  case: (dF k kT) => linB _ _; rewrite (linear_zero _ linB); exact/linear_zero/linear_chain.
Qed.

(** Move copy k alone: the term k. *)
Theorem copy_derivative F theta x0 B J T k : (k < T)%nat ->
  (forall t, (t < T)%nat -> partials (F t) theta (state F theta x0 t) (B t) (J t)) ->
  filterdiff (fun p => untied F (moved (only k) theta p) x0 T) (locally theta)
             (fun d => chain J (S k) T (B k d)).
Proof.
move=> kT dF; apply: filterdiff_ext_lin (moved_derivative (only k) dF) _ => d.
exact: (sum_only (fun k => chain J (S k) T (B k d))).
Qed.

(** The derivative of the tied net is the sum over the copies k of the derivative D_k of the net in which
    only copy k of the parameter is moved. The steps need to be differentiable along the run, and nothing
    else. *)
Theorem tied_is_sum_of_untied F theta x0 T (D : nat -> P -> X) :
  (forall t, (t < T)%nat ->
     ex_filterdiff (fun a : P * X => F t (fst a) (snd a)) (locally (theta, state F theta x0 t))) ->
  (forall k, (k < T)%nat ->
     filterdiff (fun p => untied F (moved (only k) theta p) x0 T) (locally theta) (D k)) ->
  filterdiff (fun p => state F p x0 T) (locally theta) (fun d => sum_below (fun k => D k d) T).
Proof.
move=> diffF dD.
have [G dG] : exists G : nat -> P * X -> X, forall t, (t < T)%nat ->
    filterdiff (fun a : P * X => F t (fst a) (snd a)) (locally (theta, state F theta x0 t)) (G t).
  elim: {dD} T diffF => [|T IH] diffF; first by exists (fun _ _ => zero) => t tT; lia.
  case: IH => [t tT|G dG]; first by apply: diffF; lia.
  case: (diffF T) => [|g dg]; first lia.
  exists (fun t => if Nat.eqb t T then g else G t) => t tT.
  case: (Nat.eqb_spec t T) => [->|tT'] //; apply: dG; lia.
have dF t (tT : (t < T)%nat) := partials_exist (dG t tT).
apply: filterdiff_ext_lin (unrolled_derivative dF) _ => d.
by apply: sum_ext => k kT; exact: derivative_unique (copy_derivative kT dF) (dD k kT) d.
Qed.

(** The space Q of all copies together, copy t of an element of it, and the diagonal p |-> (p, ..., p): the
    derivative of the tied net in direction d is that of the untied net in direction (d, ..., d). *)
Theorem tied_is_derivative_along_diagonal (Q : NormedModule R_AbsRing) (copy : nat -> Q -> P)
    (diagonal : P -> Q) F theta x0 T (D : Q -> X) :
  is_linear diagonal -> (forall t p, copy t (diagonal p) = p) ->
  filterdiff (fun q => untied F (fun t => copy t q) x0 T) (locally (diagonal theta)) D ->
  filterdiff (fun p => state F p x0 T) (locally theta) (fun d => D (diagonal d)).
Proof.
move=> lin copies dD.
apply: (filterdiff_ext (fun p => untied F (fun t => copy t (diagonal p)) x0 T)).
  by move=> p; rewrite -untied_on_diagonal; apply: untied_ext => t; exact: copies.
apply: (filterdiff_comp' diagonal (fun q => untied F (fun t => copy t q) x0 T)) => //.
exact: filterdiff_linear.
Qed.

(** * Losses *)

(** A loss E of the last state, whose derivative there is e: one term per copy. *)
Theorem loss_derivative F theta x0 B J T (E e : X -> Y) :
  (forall t, (t < T)%nat -> partials (F t) theta (state F theta x0 t) (B t) (J t)) ->
  filterdiff E (locally (state F theta x0 T)) e ->
  filterdiff (fun p => E (state F p x0 T)) (locally theta)
             (fun d => sum_below (fun k => e (chain J (S k) T (B k d))) T).
Proof.
move=> dF dE; have [lin _] := dE.
apply: filterdiff_ext_lin (filterdiff_comp' _ _ _ _ _ (unrolled_derivative dF) dE) _ => d.
exact: linear_sum.
Qed.

(** Losses E_0, E_1, ... of all states: one term per loss and per copy before it. *)
Theorem total_loss_derivative F theta x0 B J T (E e : nat -> X -> Y) :
  (forall t, (t < T)%nat -> partials (F t) theta (state F theta x0 t) (B t) (J t)) ->
  (forall t, (t < T)%nat -> filterdiff (E t) (locally (state F theta x0 t)) (e t)) ->
  filterdiff (fun p => sum_below (fun t => E t (state F p x0 t)) T) (locally theta)
             (fun d => sum_below (fun t => sum_below (fun k => e t (chain J (S k) t (B k d))) t) T).
Proof.
elim: T => [|T IH] dF dE /=; first exact: filterdiff_const.
apply: filterdiff_plus_fct.
- by apply: IH => t tT; [apply: dF | apply: dE]; lia.
- by apply: loss_derivative; [move=> t tT; apply: dF | apply: dE]; lia.
Qed.

End Tied.
