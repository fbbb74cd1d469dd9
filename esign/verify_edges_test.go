package esign_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/pdf"
)

var errDisk = errors.New("the disk answers no")

// brokenDisk reads one octet less than asked.
type brokenDisk struct{ *bytes.Reader }

func (d brokenDisk) ReadAt(b []byte, at int64) (int, error) {
	n, err := d.Reader.ReadAt(b[:len(b)-1], at)
	return n, errors.Join(err, errDisk)
}

// A file as large as allowed is judged; one octet more is refused unread, and what can't be read whole is an error.
func TestVerifyAtItsLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official})
	o := w.trusting()
	o.MaxBytes = int64(len(file))
	require.Equal(t, esign.Valid, verify(t, file, o).Verdict)
	o.MaxBytes--
	r := verify(t, file, o)
	require.Equal(t, esign.Unreadable, r.State)
	require.Equal(t, "too-large", r.Reason.Code)
	_, err := esign.Verify(t.Context(), brokenDisk{bytes.NewReader(file)}, int64(len(file)), w.trusting())
	require.ErrorIs(t, err, errDisk)
	_, err = esign.Verify(t.Context(), bytes.NewReader(file), -1, w.trusting())
	require.Error(t, err)
	two := signed(t, file, recipe{by: w.agency, field: agencyRef})
	o = w.trusting()
	o.MaxSignatures = 2
	require.Equal(t, esign.Valid, verify(t, two, o).Verdict)
	o.MaxSignatures = 1
	require.Equal(t, "too-large", verify(t, two, o).Reason.Code)
}

// A claimed time may lie five minutes ahead of the verifier's clock and within the certificate's dates, both ends included.
func TestClaimedTimeAtItsEdges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := func(m time.Time) *esign.Report {
		s := m.In(time.FixedZone("+07", 7*60*60)).Format("D:20060102150405") + "+07'00'"
		return verify(t, signed(t, blank(t), recipe{by: w.official, dict: pdf.Dict{"M": pdf.String(s)}}), w.trusting())
	}
	from := w.official.cert.NotBefore
	for m, code := range map[time.Time]string{
		now.Add(5 * time.Minute): "valid", now.Add(5*time.Minute + time.Second): "time-future",
		from: "valid", from.Add(-time.Second): "time-outside",
	} {
		r := at(m)
		require.Equal(t, code, r.Signers[0].Reason.Code, m)
		require.Equal(t, code == "valid", r.Verdict == esign.Valid, m)
		require.True(t, r.Intact)
	}
}

// A time stamp may lie five minutes ahead, too, and within the dates of its authority's certificate.
func TestTimeStampAtItsEdges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := w.tsa.cert.NotBefore
	for at, code := range map[time.Time]string{
		now.Add(5 * time.Minute): "valid", now.Add(5*time.Minute + time.Second): "time-future",
		from: "valid", from.Add(-time.Second): "timestamp-expired",
	} {
		r := verify(t, signed(t, blank(t), recipe{by: w.official, stamp: w.tsa, at: at}), w.trusting())
		require.Equal(t, code, r.Signers[0].Reason.Code, at)
	}
}

// Whoever reads the form in another order sees the same signatures in the order they were made.
func TestOrderOfSignatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.agency, field: agencyRef}) // stands second in the form
	first := int64(len(file))
	file = signed(t, file, recipe{by: w.official})
	r := verify(t, file, w.trusting())
	require.Equal(t, esign.Valid, r.Verdict)
	require.Equal(t, []string{"agency", "official"}, []string{r.Signers[0].Field, r.Signers[1].Field})
	require.Equal(t, []int64{first, int64(len(file))}, []int64{r.Signers[0].Revision, r.Signers[1].Revision})
	// What covers nothing readable stands last and spoils the file, not what the other covers.
	file = signed(t, blank(t), recipe{by: w.agency, field: agencyRef, edit: func(u *pdf.Update) {
		setKeys(t, u, officialRef, pdf.Dict{"V": u.Add(pdf.Dict{"Type": pdf.Name("Sig"), "ByteRange": pdf.Array{0, 1}})})
	}})
	r = verify(t, file, w.trusting())
	require.Equal(t, esign.Invalid, r.Verdict)
	require.Equal(t, []string{"agency", "official"}, []string{r.Signers[0].Field, r.Signers[1].Field})
	require.Equal(t, esign.Valid, r.Signers[0].Verdict)
	require.Equal(t, "byte-range", r.Signers[1].Reason.Code)
}
