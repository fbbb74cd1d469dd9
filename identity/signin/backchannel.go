package signin

import (
	"context"
	"database/sql"
	"net/http"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity/oidcrp"
)

// backchannel takes the provider's word that a session or all sessions of a subject
// ended (OpenID Connect Back-Channel Logout 1.0). A token is good for one end; answered
// 500 it has ended nothing and may be sent again.
func (s *SignIn) backchannel(w http.ResponseWriter, r *http.Request) {
	p := s.provider(r.PathValue("provider"))
	if p == nil {
		http.NotFound(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	l, err := p.RP.VerifyLogout(r.Context(), r.PostFormValue("logout_token"))
	if err != nil {
		s.o.Log.Warn("logout token refused", zap.String("provider", p.Name), zap.Error(err))
		answer(w, http.StatusBadRequest)
		return
	}
	first, err := s.store.use(r.Context(), s.vault.Hash("logout token", l.Issuer, l.TokenID), l.Forget,
		func(ctx context.Context, tx *sql.Tx) error { return s.endNamed(ctx, tx, l) })
	switch {
	case err != nil:
		s.o.Log.Error("sessions not ended on the provider's word", zap.String("provider", p.Name), zap.Error(err))
		answer(w, http.StatusInternalServerError)
	case !first:
		s.o.Log.Warn("logout token refused", zap.String("provider", p.Name), zap.Bool("repeated", true))
		answer(w, http.StatusBadRequest)
	default:
		answer(w, http.StatusOK)
	}
}

// endNamed ends the session a logout token names, or all of its subject.
func (s *SignIn) endNamed(ctx context.Context, tx *sql.Tx, l *oidcrp.Logout) error {
	subject, sid := s.vault.Hash("session subject", l.Issuer, l.Subject), s.vault.Hash("session sid", l.Issuer, l.SessionID)
	switch {
	case l.SessionID == "":
		return s.store.endTx(ctx, tx, `subject_hash = $1`, subject)
	case l.Subject == "":
		return s.store.endTx(ctx, tx, `sid_hash = $1`, sid)
	}
	return s.store.endTx(ctx, tx, `sid_hash = $1 AND subject_hash = $2`, sid, subject)
}

func answer(w http.ResponseWriter, status int) {
	if status == http.StatusOK {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error":"invalid_request"}`)) // the provider left
}
