package province

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/portal"
	"github.com/motcua/motcua/workflow"
)

// Without a gateway a payer is sent to the counter, in words of the page.
func TestPayWithoutGateway(t *testing.T) {
	t.Parallel()
	s := &Setup{Config: &Config{}}
	_, err := Pay(NewGate(), s).Begin(t.Context(), &identity.Person{}, &portal.Payment{})
	var refused *workflow.RefusedError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "no_gateway", refused.Reason.Code)
	gateways, err := Gateways(s)
	require.NoError(t, err)
	assert.Empty(t, gateways)
	s.Config.Payment.VNPAY = &VNPAYConfig{}
	p, ok := Pay(NewGate(), s).(pay)
	require.True(t, ok)
	assert.Equal(t, []string{"vnpay"}, p.gateways)
	for address, want := range map[string]string{"https://pay.example.vn/a?b=c": "https://pay.example.vn", "http://a b": ""} {
		assert.Equal(t, want, origin(address))
	}
}

// How unit and official are called is asked of the directory of the day.
func TestNamesOfTheDay(t *testing.T) {
	t.Parallel()
	s := started(t, served(t)).setup
	day := time.Date(2024, 11, 15, 8, 0, 0, 0, hanoi)
	n, err := names(s)(t.Context(), "H99.02", "cb-2", day)
	require.NoError(t, err)
	assert.Equal(t, "UBND phường An", n.Unit)
	assert.Equal(t, "UBND PHƯỜNG AN", n.SealUnit)
	assert.Equal(t, "UBND tỉnh Mẫu", n.Agency)
	assert.Equal(t, "UBND tỉnh Mẫu", n.SealAgency)
	assert.Equal(t, "Trần Văn Hai", n.Name)
	assert.Equal(t, "Phó Chủ tịch", n.Title)
	assert.Equal(t, "H99.02", n.Holder)
	n, err = names(s)(t.Context(), "H99", "cb-2", day)
	require.NoError(t, err)
	assert.Empty(t, n.Agency, "nobody stands above a province")
	assert.Empty(t, n.Title, "no post there")
	_, err = names(s)(t.Context(), "H98", "cb-2", day)
	require.ErrorContains(t, err, "unit H98 is not in the directory on 2024-11-15")
	_, err = names(s)(t.Context(), "H99.02", "cb-4", day)
	require.ErrorContains(t, err, "official cb-4 does not serve on 2024-11-15")
	_, err = names(s)(t.Context(), "H99.02", "cb-2", day.AddDate(-30, 0, 0))
	require.ErrorContains(t, err, "1994-11-15")
}

// Offices are those of the day in the order of their names, with the agency above
// and the hours of their own.
func TestOffices(t *testing.T) {
	t.Parallel()
	s := started(t, served(t)).setup
	u := NewUnits(s.Live, nil)
	day := time.Date(2024, 11, 15, 8, 0, 0, 0, hanoi)
	var got []string
	for _, o := range u.Offering("2.000815", day) {
		got = append(got, o.Name.VI)
	}
	assert.Equal(t, []string{"UBND phường An", "UBND phường Bình"}, got, "communes alone")
	assert.Empty(t, u.Offering("2.000815", day.AddDate(-30, 0, 0)))
	an, ok := u.UnitAt("H99.02", day)
	require.True(t, ok)
	assert.Equal(t, procedures.Text{VI: "UBND tỉnh Mẫu", EN: "Sample Province"}, an.Agency)
	assert.NotNil(t, an.Hours)
	other, ok := u.UnitAt("H99.01", day)
	require.True(t, ok)
	assert.Nil(t, other.Hours)
	top, ok := u.UnitAt("H99", day)
	require.True(t, ok)
	assert.Empty(t, top.Agency)
	for _, code := range []string{"H98", ""} {
		_, ok = u.UnitAt(code, day)
		assert.False(t, ok, code)
	}
	_, ok = u.UnitAt("H99.02", day.AddDate(-30, 0, 0))
	assert.False(t, ok)
	assert.Equal(t, procedures.Text{VI: "a", EN: "a"}, text(identity.Text{VI: "a"}))
	assert.Equal(t, procedures.Text{VI: "a", EN: "b"}, text(identity.Text{VI: "a", EN: "b"}))
}

// A scan that is refused is refused in the desk's words; what else goes wrong is
// an error.
func TestScanner(t *testing.T) {
	t.Parallel()
	var refused *desk.ScanRefused
	_, err := Scanner()(t.Context(), strings.NewReader("no PDF"), 6)
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "not-pdf", refused.Class)
	assert.NotEmpty(t, refused.Reason.VI)
	wrong := errors.New("wrong")
	_, err = Scanner()(t.Context(), unreadable{wrong}, 100)
	require.ErrorIs(t, err, wrong)
	assert.NotErrorAs(t, err, &refused)
}

type unreadable struct{ err error }

func (u unreadable) ReadAt([]byte, int64) (int, error) { return 0, u.err }

// A server that is asked to stop before it has begun, and one whose listener
// breaks, both give their address back.
func TestServeThatEnds(t *testing.T) {
	t.Parallel()
	s := started(t, served(t))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, s.app.Serve(ended, s.listener), "asked to stop")
	free(t, map[string]string{"portal": s.listener.Addr().String()})

	s = started(t, served(t))
	require.NoError(t, s.listener.Close())
	require.ErrorIs(t, s.app.Serve(t.Context(), s.listener), net.ErrClosed)

	s = started(t, served(t))
	exec(t, s.app.DB.Write, "ALTER TABLE river_leader RENAME TO gone")
	require.ErrorContains(t, s.app.Serve(t.Context(), s.listener), "river_leader")
	free(t, map[string]string{"portal": s.listener.Addr().String()})
}

// A guard without a port in the sender's address knows the sender by the whole.
func TestSender(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{"192.0.2.1:5": "192.0.2.1", "[2001:db8::1]:5": "2001:db8::1", "pipe": "pipe"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = addr
		assert.Equal(t, want, sender(r))
	}
}
