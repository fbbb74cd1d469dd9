package phonesim

import (
	"crypto"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/driver"
)

// maxBody bounds a request; maxItems what one confirmation covers.
const (
	maxBody  = 256 << 10
	maxItems = 500
)

// wireRequest is the body of every call of the client's half.
type wireRequest struct {
	Holder      string `json:"holder"`
	Transaction string `json:"transaction,omitempty"`
	Hash        uint   `json:"hash,omitempty"`
	Scheme      int    `json:"scheme,omitempty"`
	Items       []item `json:"items,omitempty"`
}

func (w *wireRequest) begin() *driver.BeginRequest {
	r := &driver.BeginRequest{Transaction: w.Transaction, Hash: crypto.Hash(w.Hash), Scheme: driver.Scheme(w.Scheme)}
	for _, i := range w.Items {
		r.Items = append(r.Items, driver.Item{Name: i.Name, Digest: i.Digest})
	}
	return r
}

// wireAnswer is the body of every answer; Code and Text are those of a fault.
type wireAnswer struct {
	Chain      [][]byte  `json:"chain,omitempty"`
	Handle     string    `json:"handle,omitempty"`
	Expires    time.Time `json:"expires,omitzero"`
	State      state     `json:"state,omitempty"`
	Signatures [][]byte  `json:"signatures,omitempty"`
	RetryAfter int       `json:"retry_after,omitempty"` // seconds
	Open       []string  `json:"open,omitempty"`
	Code       int       `json:"code,omitempty"`
	Text       string    `json:"text,omitempty"`
}

// Handler serves both halves; package doc has the routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/credentials/chain", s.client(func(r *http.Request, w *wireRequest) (*wireAnswer, error) {
		chain, err := s.chain(r.Context(), w.Holder)
		return &wireAnswer{Chain: chain}, err
	}))
	mux.HandleFunc("POST /v1/signatures", s.client(func(r *http.Request, w *wireRequest) (*wireAnswer, error) {
		handle, t, err := s.begin(r.Context(), w.Holder, w.begin())
		if err != nil {
			return nil, err
		}
		return &wireAnswer{Handle: handle, Expires: t.Expires}, nil
	}))
	mux.HandleFunc("POST /v1/signatures/{handle}/status", s.client(func(r *http.Request, w *wireRequest) (*wireAnswer, error) {
		t, err := s.status(w.Holder, r.PathValue("handle"), w.begin())
		if err != nil {
			return nil, err
		}
		return &wireAnswer{State: t.State, Signatures: t.Signatures, RetryAfter: 2}, nil
	}))
	mux.HandleFunc("GET /phone/{holder}", s.phone(func(r *http.Request) (*wireAnswer, error) {
		open, err := s.Open(r.PathValue("holder"))
		return &wireAnswer{Open: open}, err
	}))
	mux.HandleFunc("POST /phone/{holder}/{handle}", s.phone(func(r *http.Request) (*wireAnswer, error) {
		var d struct {
			Decision string `json:"decision"`
		}
		if err := json.NewDecoder(r.Body).Decode(&d); err != nil || d.Decision != "confirm" && d.Decision != "refuse" {
			return nil, &fault{400, driver.CodeInvalid, `the decision is "confirm" or "refuse"`}
		}
		return &wireAnswer{}, s.Decide(r.Context(), r.PathValue("holder"), r.PathValue("handle"), d.Decision == "confirm")
	}))
	return mux
}

func (s *Server) client(f func(*http.Request, *wireRequest) (*wireAnswer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(given), []byte(s.secret)) != 1 {
			s.answer(w, nil, &fault{401, driver.CodeUnauthorised, "the client's secret is not accepted"})
			return
		}
		var body wireRequest
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body)
		if err != nil || len(body.Items) > maxItems {
			s.answer(w, nil, &fault{400, driver.CodeInvalid, "the request cannot be read or is too large"})
			return
		}
		a, err := f(r, &body)
		s.answer(w, a, err)
	}
}

func (s *Server) phone(f func(*http.Request) (*wireAnswer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := s.credential(r.PathValue("holder"))
		pin := ""
		if err == nil {
			pin = c.PIN
		}
		// An unknown holder and a wrong PIN look the same.
		if pin == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Pin")), []byte(pin)) != 1 {
			s.answer(w, nil, &fault{401, driver.CodeUnauthorised, "holder or PIN is not accepted"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		a, err := f(r)
		s.answer(w, a, err)
	}
}

func (s *Server) answer(w http.ResponseWriter, a *wireAnswer, err error) {
	status := http.StatusOK
	if err != nil {
		var f *fault
		if !errors.As(err, &f) {
			s.log.Error("internal error", zap.Error(err))
			f = &fault{500, driver.CodeInternal, "internal error"}
		}
		status, a = f.status, &wireAnswer{Code: int(f.code), Text: f.text}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(a); err != nil {
		s.log.Info("client went away", zap.Error(err))
	}
}
