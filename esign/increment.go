package esign

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/pdf"
)

// inVietnam is the zone in which times are written into documents.
var inVietnam = time.FixedZone("+07", 7*60*60)

// increment is one signature being made: the update that fills its field, with the room for the signature still zero.
type increment struct {
	data      []byte // to be appended to the base document
	byteRange [4]int64
	room      int    // octets kept for the CMS
	attrs     []byte // signed attributes, in DER
	toSign    []byte // their digest: what the key signs
}

// credential is a signer's path, checked.
type credential struct {
	leaf   *x509.Certificate
	chain  [][]byte // DER, without the root
	scheme driver.Scheme
}

// newCredential checks a path from a signer: each certificate issued the one before, the first may sign documents, is
// strong enough and valid at a time. The root is left out: who verifies has it, or does not trust it.
func newCredential(chain [][]byte, at time.Time) (*credential, error) {
	if len(chain) == 0 || len(chain) > 10 {
		return nil, fail(CodeInvalid, "the signer gives %d certificates", len(chain))
	}
	c := &credential{}
	var path []*x509.Certificate
	for i, raw := range chain {
		x, err := x509.ParseCertificate(raw)
		if err != nil {
			return nil, failWith(CodeInvalid, err, "certificate %d of the signer cannot be read", i+1)
		}
		if i > 0 && path[i-1].CheckSignatureFrom(x) != nil {
			return nil, fail(CodeInvalid, "certificate %d of the signer did not issue the one before it", i+1)
		}
		path = append(path, x)
		if i == 0 || !bytes.Equal(x.RawIssuer, x.RawSubject) {
			c.chain = append(c.chain, raw)
		}
		if at.Before(x.NotBefore) || at.After(x.NotAfter) {
			return nil, fail(CodeInvalid, "certificate %d of the signer is valid from %s to %s, not on %s; renew it", i+1,
				x.NotBefore.In(inVietnam).Format(time.DateOnly), x.NotAfter.In(inVietnam).Format(time.DateOnly),
				at.In(inVietnam).Format(time.DateOnly))
		}
	}
	c.leaf = path[0]
	if !maySign(c.leaf) {
		return nil, fail(CodeInvalid, "the signer's certificate is not for signing documents")
	}
	if weak := weakPath(path, at); weak != "" {
		return nil, fail(CodeInvalid, "the signer's path uses %s, which is too weak; ask for a new certificate", weak)
	}
	scheme, err := cms.SchemeFor(c.leaf.PublicKey)
	if err != nil {
		return nil, failWith(CodeInvalid, err, "the signer's key cannot be used")
	}
	c.scheme = driver.Scheme(scheme)
	return c, nil
}

// room is how many octets the signature needs at most: computed, so that it is known before the holder is asked.
func (c *credential) room(token int) (int, error) {
	digest := make([]byte, sha256.Size)
	attrs, err := c.attributes(digest)
	if err != nil {
		return 0, err
	}
	return cms.Size(&cms.Parts{
		Chain: c.chain, Hash: crypto.SHA256, Scheme: cms.Scheme(c.scheme), SignedAttributes: attrs,
	}, token)
}

func (c *credential) attributes(digest []byte) ([]byte, error) {
	return cms.SignedAttributes(&cms.AttributeSpec{Hash: crypto.SHA256, Digest: digest, Certificate: c.leaf.Raw})
}

// assemble makes the CMS, with a time stamp token or nil.
func (c *credential) assemble(attrs, value, token []byte) ([]byte, error) {
	return cms.Assemble(&cms.Parts{
		Chain: c.chain, Hash: crypto.SHA256, Scheme: cms.Scheme(c.scheme), SignedAttributes: attrs, Signature: value, TimeStamp: token,
	})
}

// fillField writes the update that fills one field of a document. Equal arguments give equal bytes.
func fillField(
	base []byte, s *PlannedSignature, c *credential, at time.Time, picture []byte, token int, limits *pdf.Limits,
) (*increment, error) {
	d, err := pdf.Open(base, limits)
	if err != nil {
		return nil, documentError(err)
	}
	ref, widget, err := findField(d, s.Field)
	if err != nil {
		return nil, documentError(err)
	}
	room, err := c.room(token)
	if err != nil {
		return nil, failWith(CodeInternal, err, "the size of the signature is not known")
	}
	u := pdf.NewUpdate(d)
	widget = widget.Clone()
	widget["V"] = u.Add(signatureDict(s, c, at, room))
	if picture != nil {
		form, err := addAppearance(u, picture)
		if err != nil {
			return nil, failWith(CodeInvalid, err, "field %q", quoted(s.Field))
		}
		widget["AP"] = pdf.Dict{"N": form}
	}
	u.Set(ref, widget)
	signed, err := u.Sign()
	if err != nil {
		return nil, documentError(err)
	}
	i := &increment{data: signed.Data, byteRange: signed.ByteRange, room: room}
	digest, err := i.digest(base)
	if err != nil {
		return nil, failWith(CodeInternal, err, "field %q", quoted(s.Field))
	}
	if i.attrs, err = c.attributes(digest); err != nil {
		return nil, failWith(CodeInternal, err, "the signed attributes cannot be written")
	}
	sum := sha256.Sum256(i.attrs)
	i.toSign = sum[:]
	return i, nil
}

// signatureDict is the dictionary of a PAdES baseline signature (EN 319 142-1 §6.3): the time stands in M, not in the CMS.
func signatureDict(s *PlannedSignature, c *credential, at time.Time, room int) pdf.Dict {
	d := pdf.Dict{
		"Type": pdf.Name("Sig"), "Filter": pdf.Name("Adobe.PPKLite"), "SubFilter": pdf.Name("ETSI.CAdES.detached"),
		"ByteRange": pdf.ByteRange{}, "Contents": pdf.Contents{Bytes: room},
		"M": pdf.String(at.In(inVietnam).Format("D:20060102150405") + "+07'00'"),
	}
	name := s.Name
	if name == "" {
		name = norm.NFC.String(c.leaf.Subject.CommonName)
	}
	for key, text := range map[pdf.Name]string{"Name": name, "Reason": s.Reason, "Location": s.Location} {
		if text != "" {
			d[key] = pdf.Text(text)
		}
	}
	return d
}

// findField finds an empty signature field at the top of the form by its name.
func findField(d *pdf.Document, name string) (pdf.Ref, pdf.Dict, error) {
	cat, _, err := d.Catalog()
	if err != nil {
		return pdf.Ref{}, nil, err
	}
	form, err := d.Dict(cat["AcroForm"])
	if err != nil {
		return pdf.Ref{}, nil, err
	}
	fields, err := d.Array(form["Fields"])
	if err != nil {
		return pdf.Ref{}, nil, err
	}
	for _, o := range fields {
		ref, ok := o.(pdf.Ref)
		if !ok {
			continue
		}
		f, err := d.Dict(ref)
		if err != nil {
			return pdf.Ref{}, nil, err
		}
		t, err := d.Resolve(f["T"])
		if err != nil {
			return pdf.Ref{}, nil, err
		}
		if s, ok := t.(pdf.String); !ok || pdf.DecodeText(s) != name {
			continue
		}
		if f["FT"] != pdf.Name("Sig") || f["V"] != nil {
			return pdf.Ref{}, nil, fail(CodeInternal, "field %q is no empty signature field", quoted(name))
		}
		return ref, f, nil
	}
	return pdf.Ref{}, nil, fail(CodeInternal, "the document has no field %q", quoted(name))
}

// gap says where in data the room lies, its angle brackets included.
func (i *increment) gap() (from, to int64, err error) {
	base := i.byteRange[2] + i.byteRange[3] - int64(len(i.data))
	from, to = i.byteRange[1]-base, i.byteRange[2]-base
	if from < 0 || to-from != int64(2*i.room+2) || to > int64(len(i.data)) || i.data[from] != '<' || i.data[to-1] != '>' {
		return 0, 0, fmt.Errorf("the stored update does not hold the room for its signature")
	}
	return from, to, nil
}

// digest hashes what the signature covers: the base document and the update without the room.
func (i *increment) digest(base []byte) ([]byte, error) {
	from, to, err := i.gap()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, part := range [][]byte{base, i.data[:from], i.data[to:]} {
		h.Write(part)
	}
	return h.Sum(nil), nil
}

// covers checks that base and update, read again, are what the signed attributes were made for: a store of files that
// gives other bytes must not make a document whose signature does not hold.
func (i *increment) covers(base []byte, c *credential, attrs []byte) error {
	digest, err := i.digest(base)
	if err != nil {
		return err
	}
	again, err := c.attributes(digest)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, attrs) {
		return fmt.Errorf("the store of files gives other bytes than were signed")
	}
	return nil
}

// seal gives the finished update: the CMS in its room, in lower case hex padded with zeros.
func (i *increment) seal(der []byte) ([]byte, error) {
	from, _, err := i.gap()
	if err != nil {
		return nil, err
	}
	if len(der) > i.room {
		return nil, fmt.Errorf("%w: %d octets into %d", pdf.ErrRoom, len(der), i.room)
	}
	out := bytes.Clone(i.data)
	hex.Encode(out[from+1:], der)
	return out, nil
}

// whole reads a base document and its update as one.
func whole(base, update []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(base), bytes.NewReader(update))
}
