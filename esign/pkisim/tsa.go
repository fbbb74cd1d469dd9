package pkisim

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/tsp"
)

// Misbehaviour is a fault the time-stamping authority can be told to show.
type Misbehaviour int

// The faults.
const (
	Behave       Misbehaviour = iota // none
	Down                             // answers 503
	Refuse                           // answers a well-formed rejection
	Repeat                           // answers the request before this one
	WrongImprint                     // stamps other data
	NoNonce                          // leaves the nonce out
	Bare                             // leaves the certificates out
	Broken                           // signs wrongly
	YearAhead                        // states a time one year ahead
	Hang                             // accepts and never answers
)

// Misbehave switches a fault on until it is switched to another or to Behave.
func (p *PKI) Misbehave(m Misbehaviour) { p.misbehave.Store(int32(m)) }

// Stamps is how many tokens were made since the start.
func (p *PKI) Stamps() int64 { return p.stamps.Load() }

// TSAHandler serves the time-stamping authority: POST of a TimeStampReq
// (application/timestamp-query) gets a TimeStampResp. Tokens state the law's
// clock and carry the authority's certificate and that of its issuer.
func (p *PKI) TSAHandler() http.Handler { return http.HandlerFunc(p.timestamp) }

func (p *PKI) timestamp(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "post a TimeStampReq", http.StatusMethodNotAllowed)
		return
	}
	if r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "the content type is application/timestamp-query", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, tsp.MaxRequest))
	if err != nil {
		http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		return
	}
	m := Misbehaviour(p.misbehave.Load())
	switch m {
	case Down:
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
		return
	case Hang:
		<-r.Context().Done()
		return
	}
	answer, err := p.answer(body, m).Marshal()
	if err != nil {
		p.log.Error("writing a response", zap.Error(err))
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	if _, err := w.Write(answer); err != nil {
		p.log.Info("client went away", zap.Error(err))
	}
}

func (p *PKI) answer(body []byte, m Misbehaviour) *tsp.Response {
	reject := func(f tsp.Failure) *tsp.Response { return &tsp.Response{Status: tsp.Rejection, Failure: f} }
	req, err := tsp.ParseRequest(body)
	switch {
	case errors.Is(err, cms.ErrAlgorithm):
		return reject(tsp.BadAlg)
	case err != nil:
		return reject(tsp.BadDataFormat)
	case req.Hash.Size() < 32:
		return reject(tsp.BadAlg)
	case req.Policy != nil && !req.Policy.Equal(policy):
		return reject(tsp.UnacceptedPolicy)
	case m == Refuse:
		return reject(tsp.SystemFailure)
	}
	at := p.now()
	asked := *req
	switch m {
	case Repeat:
		if before := p.previous.Load(); before != nil {
			asked = *before
		}
	case WrongImprint:
		asked.Imprint = make([]byte, len(req.Imprint))
	case NoNonce:
		asked.Nonce = nil
	case Bare:
		asked.CertReq = false
	case YearAhead:
		at = at.Add(365 * 24 * time.Hour)
	}
	p.previous.Store(req)
	token, err := p.stamp(&asked, at)
	if err != nil {
		p.log.Error("making a token", zap.Error(err))
		return reject(tsp.SystemFailure)
	}
	if m == Broken {
		token[len(token)-10] ^= 1
	}
	p.stamps.Add(1)
	p.log.Info("time stamp made")
	return &tsp.Response{Status: tsp.Granted, Failure: tsp.NoFailure, Token: token}
}

func (p *PKI) stamp(r *tsp.Request, at time.Time) ([]byte, error) {
	serial, err := p.serial()
	if err != nil {
		return nil, err
	}
	a := tsp.Authority{Chain: [][]byte{p.tsa.Raw, p.ca.Raw}, Key: p.tsaKey, Policy: policy, Rand: rand.Reader}
	return a.Issue(r, at, serial)
}
