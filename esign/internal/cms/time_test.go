package cms_test

import (
	"crypto"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
)

// RFC 5652 §11.3: dates from 1950 through 2049 are UTCTime (tag 23, two digits of the year), all others GeneralizedTime
// (tag 24, four digits).
func TestSigningTimeIsWritten(t *testing.T) {
	t.Parallel()
	// The attributes name a certificate by its octets alone.
	certificate := newSigner(t, ecKey(t)).leaf.Raw
	for at, want := range map[time.Time]string{
		time.Date(1949, 12, 31, 23, 59, 59, 0, time.UTC): "\x18\x0f19491231235959Z",
		time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC):      "\x17\x0d500101000000Z",
		time.Date(2024, 11, 15, 3, 0, 0, 0, time.UTC):    "\x17\x0d241115030000Z",
		time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC): "\x17\x0d491231235959Z",
		time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC):      "\x18\x0f20500101000000Z",
		// The year is that of UTC.
		time.Date(2050, 1, 1, 6, 0, 0, 0, time.FixedZone("+07", 7*60*60)): "\x17\x0d491231230000Z",
	} {
		set, err := cms.SignedAttributes(&cms.AttributeSpec{
			Hash: crypto.SHA256, Digest: make([]byte, 32), Certificate: certificate, SigningTime: at,
		})
		require.NoError(t, err)
		require.Contains(t, string(set), want, at)
	}
}
