package pkisim

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// Enrol makes a key on this side, asks the certification authority at a base
// address (where CAHandler is mounted) for its certificate and returns both as
// PKCS#12. A nil client means one that gives up after 10 s.
func Enrol(ctx context.Context, client *http.Client, base, secret string, r *IssueRequest) (*Issued, error) {
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	subject, err := r.subject()
	if err != nil {
		return nil, err
	}
	key, err := newKey(r.Key, rand.Reader)
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(base, "/")+"/enrol", bytes.NewReader(csr))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/pkcs10")
	req.Header.Set("Authorization", "Bearer "+secret)
	certs, err := fetch(client, req)
	if err != nil {
		return nil, err
	}
	out := &Issued{Certificate: certs[0], Password: r.Password}
	if out.Password == "" {
		out.Password = rand.Text()
	}
	for _, c := range certs {
		out.Chain = append(out.Chain, c.Raw)
	}
	out.PKCS12, err = pkcs12.Modern.Encode(key, certs[0], certs[1:], out.Password)
	return out, err
}

func fetch(client *http.Client, req *http.Request) (certs []*x509.Certificate, err error) {
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("pkisim: the authority answers %d: %s", res.StatusCode, bytes.TrimSpace(body))
	}
	for block, rest := pem.Decode(body); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, errors.New("pkisim: the authority sends no certificate")
	}
	return certs, nil
}
