package pkisim

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap"
)

// CAHandler serves the certification authority:
//
//	GET  /root.pem            the root's certificate
//	GET  /ca.pem              the issuing authority's certificate
//	GET  /certificates/{serial}.pem  an issued certificate, the serial in hex
//	POST /enrol               a PKCS#10 request in DER (application/pkcs10) with
//	                          "Authorization: Bearer <Secret>" gets the path as PEM
//
// The key stays with whoever enrols; [Enrol] is the client.
func (p *PKI) CAHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /root.pem", func(w http.ResponseWriter, _ *http.Request) { p.send(w, certPEM(p.root)) })
	mux.HandleFunc("GET /ca.pem", func(w http.ResponseWriter, _ *http.Request) { p.send(w, certPEM(p.ca)) })
	mux.HandleFunc("GET /certificates/{file}", p.certificate)
	mux.HandleFunc("POST /enrol", p.enrol)
	return mux
}

func (p *PKI) send(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "application/pem-certificate-chain")
	if _, err := w.Write(b); err != nil {
		p.log.Info("client went away", zap.Error(err))
	}
}

func (p *PKI) certificate(w http.ResponseWriter, r *http.Request) {
	file := r.PathValue("file")
	serial, ok := strings.CutSuffix(file, ".pem")
	if !ok || serial == "" || len(serial) > 40 || strings.Trim(serial, "0123456789abcdef") != "" {
		http.NotFound(w, r)
		return
	}
	b, err := os.ReadFile(filepath.Join(p.dir, IssuedDir, file))
	switch {
	case errors.Is(err, os.ErrNotExist):
		http.NotFound(w, r)
	case err != nil:
		p.log.Error("reading a certificate", zap.Error(err))
		http.Error(w, "internal error", http.StatusInternalServerError)
	default:
		p.send(w, b)
	}
}

const maxRequest = 16 << 10

func (p *PKI) enrol(w http.ResponseWriter, r *http.Request) {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(given), []byte(p.secret)) != 1 {
		http.Error(w, "enrolment needs the secret of this simulator's folder", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		return
	}
	csr, err := x509.ParseCertificateRequest(body)
	if err != nil || csr.CheckSignature() != nil {
		http.Error(w, "no PKCS#10 request signed by its own key", http.StatusBadRequest)
		return
	}
	switch k := csr.PublicKey.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 || k.N.BitLen() > 4096 {
			http.Error(w, "RSA keys have 2048 to 4096 bits", http.StatusBadRequest)
			return
		}
	case *ecdsa.PublicKey:
	default:
		http.Error(w, "only RSA and ECDSA keys are certified", http.StatusBadRequest)
		return
	}
	if csr.Subject.CommonName == "" || len(csr.RawSubject) > 2000 {
		http.Error(w, "the subject needs a common name and fits in 2000 octets", http.StatusBadRequest)
		return
	}
	c, err := p.issue(csr.RawSubject, csr.PublicKey)
	if err != nil {
		p.log.Error("issuing a certificate", zap.Error(err))
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	p.send(w, append(certPEM(c), certPEM(p.ca)...))
}
