package esign

import (
	"crypto/x509"
	"time"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/pdf"
	"github.com/motcua/motcua/esign/internal/tsp"
)

// stamps reads the signature time stamps and checks that each is about this signature value.
func (c *check) stamps() {
	if c.seal.token != nil {
		return
	}
	for _, a := range c.seal.si.Unsigned {
		if !a.Type.Equal(cms.OIDSignatureTimeStamp) {
			continue
		}
		for _, raw := range a.Values[:min(len(a.Values), 2)] {
			t, err := tsp.ParseToken(raw, cmsLimits())
			if err != nil || t.CMS.Consumed != len(raw) || len(t.CMS.Signers) != 1 {
				c.fail("timestamp-unreadable")
				c.holds = false
				continue
			}
			if !c.stampHolds(t) {
				c.holds = false
			}
			c.irregular(t.CMS, "time stamp")
			c.seal.stamps = append(c.seal.stamps, t)
		}
	}
}

// stampHolds checks imprint and signature of a signature time stamp.
func (c *check) stampHolds(t *tsp.Token) bool {
	h := t.Info.Hash
	if !h.Available() {
		c.fail("timestamp-unreadable")
		return false
	}
	sum := h.New()
	sum.Write(c.seal.si.Signature)
	if err := t.CheckImprint(h, sum.Sum(nil)); err != nil {
		c.fail("timestamp-broken")
		return false
	}
	cert := c.stampCertificate(t)
	if cert == nil {
		c.doubt("timestamp-certificate-missing")
		return true // nothing contradicts it; believe won't use it
	}
	if keyBits(cert) > maxKeyBits || verifyTokenSignature(t, cert) != nil {
		c.fail("timestamp-broken")
		return false
	}
	return c.binding(&t.CMS.Signers[0], cert)
}

func (c *check) stampCertificate(t *tsp.Token) *x509.Certificate {
	others := append(c.v.dss[:len(c.v.dss):len(c.v.dss)], c.v.opts.Certificates...)
	others = append(others, c.seal.own...)
	return signerAmong(t.CMS, &t.CMS.Signers[0], others)
}

// believe judges trust and time. proved is until when the signature is known to have existed: now, or the time of a later
// document time stamp. It returns what is known for the signatures before this one.
func (c *check) believe(proved time.Time) time.Time {
	if !c.covered || !c.holds {
		return proved
	}
	if c.seal.token != nil {
		return c.believeTimestamp(proved)
	}
	c.believeSignature(proved)
	return proved
}

// believeTimestamp judges a document time stamp, whose time then counts for all that it covers.
func (c *check) believeTimestamp(proved time.Time) time.Time {
	t := c.seal.token
	c.out.Time, c.out.TimeSource = t.Info.Time, TimeProved
	path, ok := c.believeToken(t, c.seal.cert, c.seal.own, proved)
	c.strong(t.Info.Time, path)
	if !ok {
		return proved
	}
	if offPath(c.seal.own, path) {
		c.fail("certificate-extra")
		return proved
	}
	c.trusted = true
	if t.Info.Time.Before(proved) && c.unchanged {
		return t.Info.Time
	}
	return proved
}

// believeToken checks a token's signer: made for time stamping alone, leading to a root of time stamping at the time until
// which the token is known to have existed.
func (c *check) believeToken(t *tsp.Token, cert *x509.Certificate, own []*x509.Certificate, proved time.Time) (
	[]*x509.Certificate, bool,
) {
	if cert == nil {
		return nil, false
	}
	if err := tsp.CheckUsage(cert); err != nil {
		c.fail("timestamp-usage")
		return nil, false
	}
	if t.Info.Time.After(c.v.now.Add(clockSkew)) || t.Info.Time.After(proved.Add(clockSkew)) {
		c.doubt("time-future")
		return nil, false
	}
	if t.Info.Time.Before(cert.NotBefore) || t.Info.Time.After(cert.NotAfter) {
		c.fail("timestamp-expired")
		return nil, false
	}
	paths, err := c.v.tsa.paths(cert, own, proved, x509.ExtKeyUsageTimeStamping)
	if err != nil {
		c.find(trustReason(err, "timestamp-untrusted", "timestamp-expired"))
		if c.v.tsa.brokenLink(own) {
			c.fail("path-broken")
		}
		return nil, false
	}
	return paths[0], true
}

// believeSignature judges a person's or an agency's signature at the best time that is proved.
func (c *check) believeSignature(proved time.Time) {
	claimed, hasClaim := c.claimed()
	at, stamped := proved, false
	var paths [][]*x509.Certificate
	for _, t := range c.seal.stamps {
		cert := c.stampCertificate(t)
		if cert == nil {
			continue
		}
		own := append(certificatesOf(t.CMS), c.seal.own...)
		path, ok := c.believeToken(t, cert, own, proved)
		if w := weakHash(t.Info.Hash, t.Info.Time); w != "" {
			c.fail("weak-algorithm", w)
		}
		if !ok {
			continue
		}
		if w := weakPath(path, t.Info.Time); w != "" {
			c.fail("weak-algorithm", w)
			continue
		}
		paths = append(paths, path)
		if !stamped || t.Info.Time.Before(at) {
			at, stamped = t.Info.Time, true
			c.out.Time, c.out.TimeSource = at, TimeProved
		}
	}
	if !stamped && proved.Equal(c.v.now) {
		c.out.note(because("time-claimed"))
		c.plausible(claimed, hasClaim)
	}
	c.believeSigner(at, paths)
}

// plausible looks at a time that only the signer claims.
func (c *check) plausible(claimed time.Time, has bool) {
	switch x := c.seal.cert; {
	case !has:
	case claimed.After(c.v.now.Add(clockSkew)):
		c.doubt("time-future")
	case claimed.Before(x.NotBefore) || claimed.After(x.NotAfter):
		c.doubt("time-outside")
	}
}

// believeSigner checks the signer's path at a time; stamps are the paths of its time stamps.
func (c *check) believeSigner(at time.Time, stamps [][]*x509.Certificate) {
	s := &c.seal
	if !maySign(s.cert) {
		c.fail("certificate-usage")
	}
	paths, err := c.v.trust.paths(s.cert, s.own, at, x509.ExtKeyUsageAny)
	if err != nil {
		c.strong(at, []*x509.Certificate{s.cert})
		verdict, why := trustReason(err, "unknown-root", "certificate-expired")
		// The signer's path comes before doubts about time stamps: it is what the reader can do something about.
		c.found = append([]finding{{verdict, why}}, c.found...)
		if c.v.trust.brokenLink(s.own) {
			c.fail("path-broken")
		}
		return
	}
	for _, path := range paths {
		if w := weakPath(path, at); w != "" && len(paths) > 1 {
			continue
		}
		all := append([][]*x509.Certificate{path}, stamps...)
		// A time stamp that is not believed has been found wanting already; what belongs to it can't be told.
		if len(stamps) == len(s.stamps) && (offPath(s.own, all...) || c.strayStampCertificates(all)) {
			continue
		}
		c.strong(at, path)
		c.trusted = true
		return
	}
	c.fail("certificate-extra")
}

func (c *check) strayStampCertificates(paths [][]*x509.Certificate) bool {
	for _, t := range c.seal.stamps {
		if offPath(certificatesOf(t.CMS), paths...) {
			return true
		}
	}
	return false
}

// strong applies the dated algorithm rules.
func (c *check) strong(at time.Time, path []*x509.Certificate) {
	h, err := c.seal.si.Hash()
	if err != nil {
		return
	}
	for _, w := range []string{weakHash(h, at), weakHash(c.seal.hash, at), weakPath(path, at)} {
		if w != "" {
			c.fail("weak-algorithm", w)
		}
	}
}

func certificatesOf(sd *cms.SignedData) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range sd.Certificates {
		if c.X != nil {
			out = append(out, c.X)
		}
	}
	return out
}

// claimed reads /M, the time the signer's program wrote down.
func (c *check) claimed() (time.Time, bool) {
	s, ok := c.field.dict["M"].(pdf.String)
	if !ok {
		return time.Time{}, false
	}
	t, err := pdf.ParseDate(pdf.DecodeText(s))
	return t, err == nil
}
