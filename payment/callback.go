package payment

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/driver"
)

const (
	maxNotice  = 64 << 10 // bytes of a body
	maxQuery   = 8 << 10
	noticeTime = 15 * time.Second // two transactions, if the move breaks the first
)

// Callback is the handler a gateway sends its notices to. It answers what the
// gateway's protocol wants, after the notice is recorded or refused. A gateway
// that is not Notified, or not known, is 404.
//
// The bytes are verified as received. A notice that does not verify changes
// nothing and leaves no row: strangers must not be able to fill the database.
// Options.OnForged hears of it; limiting such callers is the province's.
func (s *Service) Callback(gateway string) http.Handler {
	g := s.gateways[gateway]
	n, ok := g.(driver.Notified)
	if !ok {
		return http.NotFoundHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), noticeTime)
		defer cancel()
		if len(r.URL.RawQuery) > maxQuery {
			http.Error(w, "query is too long", http.StatusRequestURITooLong)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNotice))
		if err != nil {
			status := http.StatusBadRequest
			var long *http.MaxBytesError
			if errors.As(err, &long) {
				status = http.StatusRequestEntityTooLarge
			}
			http.Error(w, "notice cannot be read", status)
			return
		}
		raw := &driver.Raw{Method: r.Method, Query: r.URL.RawQuery, Header: r.Header, Body: body}
		v := s.hear(ctx, gateway, g, n, raw, r)
		s.answer(w, n.Ack(v))
	})
}

// hear verifies a notice and records what it says.
func (s *Service) hear(ctx context.Context, gateway string, g driver.Gateway, n driver.Notified, raw *driver.Raw, r *http.Request,
) driver.Verdict {
	digest := digestRaw(raw)
	report, err := n.Parse(ctx, raw)
	if err != nil || report == nil {
		code := g.ErrorCode(err)
		s.o.Logger.Warn("payment notice refused", zap.String("gateway", gateway), zap.Stringer("code", code), zap.Binary("digest", digest))
		switch code {
		case driver.CodeForged, driver.CodeInvalid:
			if s.o.OnForged != nil {
				s.o.OnForged(gateway, r)
			}
		}
		if code == driver.CodeForged {
			return driver.Forged
		}
		return driver.Retry
	}
	v, err := s.learn(ctx, &word{gateway: gateway, source: sourceNotice, digest: digest, report: *report})
	if err != nil {
		return driver.Retry
	}
	return v
}

func (s *Service) answer(w http.ResponseWriter, a driver.Ack) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.ContentType != "" {
		h.Set("Content-Type", a.ContentType)
	}
	w.WriteHeader(a.Status)
	if len(a.Body) == 0 {
		return
	}
	if _, err := w.Write(a.Body); err != nil {
		s.o.Logger.Info("gateway did not wait for the answer", zap.Error(err))
	}
}

// digestRaw is the SHA-256 of a notice: method, query and body, each behind its
// length. Headers are left out: proxies add to them.
func digestRaw(raw *driver.Raw) []byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(raw.Method), []byte(raw.Query), raw.Body} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:]) // a hash never returns an error
		h.Write(part)
	}
	return h.Sum(nil)
}

// digestReport stands for the bytes of an answer or a row, which the adapter
// has read already.
func digestReport(source string, r *driver.Report) ([]byte, error) {
	return digestOf(struct {
		Source string
		driver.Report
	}{source, *r})
}
