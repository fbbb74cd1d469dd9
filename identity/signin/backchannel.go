package signin

import (
	"net/http"

	"go.uber.org/zap"
)

// backchannel takes the provider's word that a session or all sessions of a subject
// ended (OpenID Connect Back-Channel Logout 1.0). A token is good for one.
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
	first, err := s.store.use(r.Context(), s.vault.Hash("logout token", l.Issuer, l.TokenID), l.Forget)
	if err != nil || !first {
		s.o.Log.Warn("logout token refused", zap.String("provider", p.Name), zap.Bool("repeated", err == nil), zap.Error(err))
		answer(w, http.StatusBadRequest)
		return
	}
	subject, sid := s.vault.Hash("session subject", l.Issuer, l.Subject), s.vault.Hash("session sid", l.Issuer, l.SessionID)
	switch {
	case l.SessionID == "":
		err = s.store.end(r.Context(), `subject_hash = $1`, subject)
	case l.Subject == "":
		err = s.store.end(r.Context(), `sid_hash = $1`, sid)
	default:
		err = s.store.end(r.Context(), `sid_hash = $1 AND subject_hash = $2`, sid, subject)
	}
	if err != nil {
		s.o.Log.Error("sessions not ended on the provider's word", zap.String("provider", p.Name), zap.Error(err))
		answer(w, http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK)
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
