package tsp_test

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/dertest"
	"github.com/motcua/motcua/esign/internal/tsp"
)

// What the tests write DER with.
var tlv, seq, set, oid = dertest.TLV, dertest.Seq, dertest.Set, dertest.OID

func num(b ...byte) []byte { return tlv(2, b) }

var null = []byte{5, 0}

func sha256OID(t testing.TB) []byte { return oid(t, 2, 16, 840, 1, 101, 3, 4, 2, 1) }

// imprints are MessageImprints (RFC 3161 §2.4.1) and what is said of each.
func imprints(t testing.TB) map[string]struct {
	der  []byte
	want error
} {
	d, h := tlv(4, imprint("x")), sha256OID(t)
	return map[string]struct {
		der  []byte
		want error
	}{
		"no parameters":          {seq(seq(h), d), nil},
		"NULL":                   {seq(seq(h, null), d), nil},
		"no sequence":            {set(seq(h), d), tsp.ErrMalformed},
		"algorithm in a set":     {seq(set(h), d), tsp.ErrMalformed},
		"no identifier":          {seq(seq(num(1)), d), tsp.ErrMalformed},
		"imprint of another tag": {seq(seq(h), tlv(0x0c, imprint("x"))), tsp.ErrMalformed},
		"more after the imprint": {seq(seq(h), d, null), tsp.ErrMalformed},
		"other parameters":       {seq(seq(h, num(1)), d), tsp.ErrMalformed},
		"NULL that is not empty": {seq(seq(h, tlv(5, []byte{1})), d), tsp.ErrMalformed},
		"two parameters":         {seq(seq(h, null, null), d), tsp.ErrMalformed},
		"unknown hash":           {seq(seq(oid(t, 1, 2, 3)), d), cms.ErrAlgorithm},
		"too short":              {seq(seq(h), tlv(4, imprint("x")[1:])), tsp.ErrMalformed},
		"too long":               {seq(seq(h), tlv(4, append(imprint("x"), 0))), tsp.ErrMalformed},
	}
}

func TestRequestThereAndBack(t *testing.T) {
	t.Parallel()
	for _, r := range []tsp.Request{
		{Hash: crypto.SHA256, Imprint: imprint("x")},
		{Hash: crypto.SHA256, Imprint: imprint("x"), Policy: asn1.ObjectIdentifier{1, 2, 3}},
		{Hash: crypto.SHA256, Imprint: imprint("x"), Nonce: big.NewInt(-5)},
		{Hash: crypto.SHA256, Imprint: imprint("x"), CertReq: true},
		{Hash: crypto.SHA512, Imprint: make([]byte, 64), Policy: asn1.ObjectIdentifier{1, 2, 3}, Nonce: big.NewInt(7), CertReq: true},
	} {
		der, err := r.Marshal()
		require.NoError(t, err)
		got, err := tsp.ParseRequest(der)
		require.NoError(t, err)
		require.Equal(t, r, *got)
	}
	a := newAuthority(t, nil)
	for _, r := range []tsp.Request{
		{Hash: crypto.SHA256, Imprint: imprint("x")[1:]}, {Hash: crypto.SHA256}, {Hash: crypto.SHA512, Imprint: imprint("x")},
		{Hash: crypto.BLAKE2b_256, Imprint: imprint("x")}, {Imprint: imprint("x")},
	} {
		_, err := r.Marshal()
		require.ErrorIs(t, err, tsp.ErrImprint)
		_, err = a.Issue(&r, at, big.NewInt(1))
		require.ErrorIs(t, err, tsp.ErrImprint)
	}
}

func TestParseRequest(t *testing.T) {
	t.Parallel()
	im := seq(seq(sha256OID(t)), tlv(4, imprint("x")))
	// The nonce fills the request to its largest size; one octet more is refused.
	filled := func(size int) []byte {
		for n := size; n > 0; n-- {
			nonce := make([]byte, n)
			nonce[0] = 1
			if der := seq(num(1), im, num(nonce...)); len(der) == size {
				return der
			}
		}
		return nil
	}
	for name, c := range map[string]struct {
		der []byte
		ok  bool
	}{
		"least":                  {seq(num(1), im), true},
		"all":                    {seq(num(1), im, oid(t, 1, 2, 3), num(9), tlv(1, []byte{0xff})), true},
		"largest":                {filled(tsp.MaxRequest), true},
		"too large":              {filled(tsp.MaxRequest + 1), false},
		"no sequence":            {set(num(1), im), false},
		"more after it":          {append(seq(num(1), im), 5, 0), false},
		"no version":             {seq(im), false},
		"version 2":              {seq(num(2), im), false},
		"certReq out of DER":     {seq(num(1), im, tlv(1, []byte{1})), false},
		"nonce of no octets":     {seq(num(1), im, num()), false},
		"policy of no arcs":      {seq(num(1), im, tlv(6)), false},
		"an extension":           {seq(num(1), im, tlv(0xa0, seq())), false},
		"nonce before policy":    {seq(num(1), im, num(9), oid(t, 1, 2, 3)), false},
		"certReq before a nonce": {seq(num(1), im, tlv(1, []byte{0xff}), num(9)), false},
	} {
		_, err := tsp.ParseRequest(c.der)
		if c.ok {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, tsp.ErrMalformed, name)
		}
	}
	for name, c := range imprints(t) {
		_, err := tsp.ParseRequest(seq(num(1), c.der))
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestParseResponse(t *testing.T) {
	t.Parallel()
	token := seq()
	for name, c := range map[string]struct {
		der  []byte
		want *tsp.Response // nil for a refusal
	}{
		"granted":             {seq(seq(num(0)), token), &tsp.Response{Failure: tsp.NoFailure, Token: token}},
		"granted with mods":   {seq(seq(num(1)), token), &tsp.Response{Status: tsp.GrantedWithMods, Failure: tsp.NoFailure, Token: token}},
		"rejected":            {seq(seq(num(2))), &tsp.Response{Status: tsp.Rejection, Failure: tsp.NoFailure}},
		"first failure":       {seq(seq(num(2), tlv(3, []byte{7, 0x80}))), &tsp.Response{Status: tsp.Rejection, Failure: tsp.BadAlg}},
		"several failures":    {seq(seq(num(2), tlv(3, []byte{2, 0x24}))), &tsp.Response{Status: tsp.Rejection, Failure: tsp.BadRequest}},
		"no bit set":          {seq(seq(num(2), tlv(3, []byte{0, 0}))), &tsp.Response{Status: tsp.Rejection, Failure: tsp.NoFailure}},
		"no sequence":         {set(seq(num(0)), token), nil},
		"status in a set":     {seq(set(num(0)), token), nil},
		"no status":           {seq(seq(), token), nil},
		"status no number":    {seq(seq(null), token), nil},
		"failure unreadable":  {seq(seq(num(2), tlv(3, []byte{9, 0}))), nil},
		"more in the status":  {seq(seq(num(2), null)), nil},
		"grant without token": {seq(seq(num(0))), nil},
		"mods without token":  {seq(seq(num(1))), nil},
		"token without grant": {seq(seq(num(2)), token), nil},
		"token in a set":      {seq(seq(num(0)), set()), nil},
		"two tokens":          {seq(seq(num(0)), token, token), nil},
	} {
		got, err := tsp.ParseResponse(c.der, nil)
		if c.want == nil {
			require.ErrorIs(t, err, tsp.ErrMalformed, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	_, err := tsp.ParseResponse([]byte{0x30}, nil)
	require.ErrorIs(t, err, cms.ErrMalformed)
}

// A failure is written as one bit, behind a rejection only.
func TestMarshalResponse(t *testing.T) {
	t.Parallel()
	token := seq()
	for name, c := range map[string]struct {
		r    tsp.Response
		want []byte
	}{
		"granted says no failure": {tsp.Response{Failure: tsp.BadAlg, Token: token}, seq(seq(num(0)), token)},
		"mods say no failure": {
			tsp.Response{Status: tsp.GrantedWithMods, Failure: tsp.BadRequest, Token: token}, seq(seq(num(1)), token),
		},
		"bit 0":  {tsp.Response{Status: tsp.Rejection, Failure: tsp.BadAlg}, seq(seq(num(2), tlv(3, []byte{7, 0x80})))},
		"bit 14": {tsp.Response{Status: tsp.Rejection, Failure: tsp.TimeNotAvailable}, seq(seq(num(2), tlv(3, []byte{1, 0, 2})))},
		"none":   {tsp.Response{Status: tsp.Waiting, Failure: tsp.NoFailure}, seq(seq(num(3)))},
	} {
		der, err := c.r.Marshal()
		require.NoError(t, err, name)
		require.Equal(t, c.want, der, name)
	}
}

// tokenOf is a token of the authority's form over any content; its signature is none.
func (a *authority) tokenOf(t testing.TB, typ asn1.ObjectIdentifier, content []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(content)
	attrs, err := cms.SignedAttributes(&cms.AttributeSpec{
		ContentType: typ, Hash: crypto.SHA256, Digest: sum[:], Certificate: a.leaf.Raw,
	})
	require.NoError(t, err)
	der, err := cms.Assemble(&cms.Parts{
		ContentType: typ, Content: content, Chain: a.Chain, Hash: crypto.SHA256, Scheme: cms.ECDSA, SignedAttributes: attrs,
		Signature: []byte{1},
	})
	require.NoError(t, err)
	return der
}

func TestParseToken(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	policy, im, serial := oid(t, 1, 2, 3), seq(seq(sha256OID(t)), tlv(4, imprint("x"))), num(5)
	when := tlv(0x18, []byte("20241115010000Z"))
	info := func(parts ...[]byte) []byte {
		return seq(append([][]byte{num(1), policy, im, serial, when}, parts...)...)
	}
	exact := func(parts ...[]byte) []byte { return info(seq(parts...)) }
	milli, micro := func(n ...byte) []byte { return tlv(0x80, n) }, func(n ...byte) []byte { return tlv(0x81, n) }
	timed := func(tag byte, s string) []byte { return seq(num(1), policy, im, serial, tlv(tag, []byte(s))) }
	third := time.Date(2024, 11, 15, 1, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		der      []byte
		ok       bool
		accuracy time.Duration
		time     time.Time
	}{
		"least": {der: info(), ok: true},
		"all": {
			der: info(seq(num(1)), tlv(1, []byte{0xff}), num(9), tlv(0xa0, tlv(0x82, []byte("tsa"))), tlv(0xa1, seq())),
			ok:  true, accuracy: time.Second,
		},
		"extensions alone":      {der: info(tlv(0xa1, seq())), ok: true},
		"fraction":              {der: timed(0x18, "20241115010000.25Z"), ok: true, time: third.Add(250 * time.Millisecond)},
		"seconds":               {der: exact(num(60)), ok: true, accuracy: time.Minute},
		"no seconds":            {der: exact(num(0)), ok: true},
		"most seconds":          {der: exact(num(0, 0x80, 0, 0, 0)), ok: true, accuracy: 1 << 31 * time.Second},
		"millis":                {der: exact(milli(1)), ok: true, accuracy: time.Millisecond},
		"most millis":           {der: exact(milli(3, 0xe7)), ok: true, accuracy: 999 * time.Millisecond},
		"micros":                {der: exact(micro(1)), ok: true, accuracy: time.Microsecond},
		"most micros":           {der: exact(micro(3, 0xe7)), ok: true, accuracy: 999 * time.Microsecond},
		"all three":             {der: exact(num(1), milli(2), micro(3)), ok: true, accuracy: 1_002_003 * time.Microsecond},
		"nothing exact":         {der: exact(), ok: true},
		"no sequence":           {der: set(num(1), policy, im, serial, when)},
		"more after it":         {der: append(info(), 5, 0)},
		"no version":            {der: seq(policy, im, serial, when)},
		"version 2":             {der: seq(num(2), policy, im, serial, when)},
		"no policy":             {der: seq(num(1), im, serial, when)},
		"no serial":             {der: seq(num(1), policy, im, when)},
		"no time":               {der: seq(num(1), policy, im, serial)},
		"time of another type":  {der: timed(0x17, "241115010000Z")},
		"time without zone":     {der: timed(0x18, "20241115010000")},
		"time too long":         {der: timed(0x18, "20241115010000.00000000000000000000000000Z")},
		"accuracy in a set":     {der: info(set(num(1)))},
		"negative seconds":      {der: exact(num(0xff))},
		"too many seconds":      {der: exact(num(0, 0x80, 0, 0, 1))},
		"seconds of no octets":  {der: exact(num())},
		"no millis":             {der: exact(milli(0))},
		"too many millis":       {der: exact(milli(3, 0xe8))},
		"no micros":             {der: exact(micro(0))},
		"too many micros":       {der: exact(micro(3, 0xe8))},
		"millis of no octets":   {der: exact(milli())},
		"micros before millis":  {der: exact(micro(3), milli(2))},
		"ordering out of DER":   {der: info(tlv(1, []byte{1}))},
		"nonce of no octets":    {der: info(num())},
		"unknown at the end":    {der: info(null)},
		"more after extensions": {der: info(tlv(0xa1, seq()), null)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tsp.ParseToken(a.tokenOf(t, cms.OIDTSTInfo, c.der), nil)
			if !c.ok {
				require.ErrorIs(t, err, tsp.ErrMalformed)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.accuracy, got.Info.Accuracy)
			if c.time.IsZero() {
				c.time = third
			}
			require.True(t, c.time.Equal(got.Info.Time))
		})
	}
	for name, c := range imprints(t) {
		_, err := tsp.ParseToken(a.tokenOf(t, cms.OIDTSTInfo, seq(num(1), policy, c.der, serial, when)), nil)
		require.ErrorIs(t, err, c.want, name)
	}
	full, err := tsp.ParseToken(a.tokenOf(t, cms.OIDTSTInfo, info(tlv(1, []byte{0xff}), num(9), tlv(0xa0, null))), nil)
	require.NoError(t, err)
	require.True(t, full.Info.Ordering)
	require.Equal(t, int64(9), full.Info.Nonce.Int64())
	require.Equal(t, null, full.Info.TSA)
	require.Equal(t, int64(5), full.Info.Serial.Int64())
	bare, err := tsp.ParseToken(a.tokenOf(t, cms.OIDTSTInfo, info()), nil)
	require.NoError(t, err)
	require.Nil(t, bare.Info.Nonce)
	require.Nil(t, bare.Info.TSA)
	require.False(t, bare.Info.Ordering)
	_, err = tsp.ParseToken(a.tokenOf(t, cms.OIDData, info()), nil)
	require.ErrorIs(t, err, tsp.ErrMalformed, "another content type")
	_, err = tsp.ParseToken(a.tokenOf(t, cms.OIDTSTInfo, nil), nil)
	require.ErrorIs(t, err, tsp.ErrMalformed, "detached")
	_, err = tsp.ParseToken(null, nil)
	require.ErrorIs(t, err, cms.ErrMalformed)
}

func TestCheckImprint(t *testing.T) {
	t.Parallel()
	token := tsp.Token{Info: tsp.Info{Hash: crypto.SHA256, Imprint: imprint("x")}}
	require.NoError(t, token.CheckImprint(crypto.SHA256, imprint("x")))
	require.ErrorIs(t, token.CheckImprint(crypto.SHA256, imprint("y")), tsp.ErrImprint)
	require.ErrorIs(t, token.CheckImprint(crypto.SHA512_256, imprint("x")), tsp.ErrImprint, "the same octets of another hash")
}

// The certificate is valid from its first moment to its last (RFC 5280 §4.1.2.5).
func TestTokenAtTheEdgesOfItsCertificate(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	for name, c := range map[string]struct {
		at   time.Time
		want error
	}{
		"first moment": {a.leaf.NotBefore, nil},
		"before it":    {a.leaf.NotBefore.Add(-time.Second), tsp.ErrSigner},
		"last moment":  {a.leaf.NotAfter, nil},
		"behind it":    {a.leaf.NotAfter.Add(time.Second), tsp.ErrSigner},
	} {
		raw, err := a.Issue(&tsp.Request{Hash: crypto.SHA256, Imprint: imprint("x"), CertReq: true}, c.at, big.NewInt(1))
		require.NoError(t, err)
		token, err := tsp.ParseToken(raw, nil)
		require.NoError(t, err)
		require.ErrorIs(t, token.Verify(a.leaf), c.want, name)
	}
}

func TestTokenWithoutOneSigner(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	raw, err := a.Issue(&tsp.Request{Hash: crypto.SHA256, Imprint: imprint("x")}, at, big.NewInt(1))
	require.NoError(t, err)
	for name, n := range map[string]int{"none": 0, "two": 2} {
		token, err := tsp.ParseToken(raw, nil)
		require.NoError(t, err)
		si := token.CMS.Signers[0]
		token.CMS.Signers = nil
		for range n {
			token.CMS.Signers = append(token.CMS.Signers, si)
		}
		require.Nil(t, token.Certificate([]*x509.Certificate{a.leaf}), name)
		require.ErrorIs(t, token.Verify(a.leaf), tsp.ErrSigner, name)
	}
	token, err := tsp.ParseToken(raw, nil)
	require.NoError(t, err)
	// A certificate of the same name and number that ESS does not name.
	other := *a.leaf
	other.Raw = a.root.Raw
	require.Nil(t, token.Certificate([]*x509.Certificate{a.root, &other}))
	require.ErrorIs(t, token.Verify(&other), cms.ErrSigningCertificate)
	require.ErrorIs(t, token.Verify(a.root), cms.ErrSignature)
	require.Equal(t, a.leaf, token.Certificate([]*x509.Certificate{&other, a.leaf}))
	token.CMS.Signers[0].DigestAlgorithm.OID = asn1.ObjectIdentifier{1, 2, 3}
	require.ErrorIs(t, token.Verify(a.leaf), cms.ErrAlgorithm)
}

func TestCheckUsage(t *testing.T) {
	t.Parallel()
	stamping := []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
	require.NoError(t, tsp.CheckUsage(&x509.Certificate{ExtKeyUsage: stamping}))
	require.ErrorIs(t, tsp.CheckUsage(&x509.Certificate{
		ExtKeyUsage: stamping, UnknownExtKeyUsage: []asn1.ObjectIdentifier{{1, 2, 3}},
	}), tsp.ErrSigner)
	require.ErrorIs(t, tsp.CheckUsage(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}), tsp.ErrSigner)
}
