package storetest

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
	"github.com/motcua/motcua/workflow/sqlkit"
)

// The phone's holder confirms tomorrow; every process in between is a new one.
func TestDelayedConfirmation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, err := w.service(nil).Prepare(t.Context(), w.plan("p", phone))
		require.NoError(t, err)
		var p *esign.Progress
		for range 3 {
			p, err = w.service(nil).Advance(t.Context(), &esign.AdvanceRequest{Key: "p"})
			require.NoError(t, err)
			require.Equal(t, esign.StageWaiting, p.Stage)
			require.Equal(t, phone, p.Holder)
			require.Equal(t, 1, p.Done)
			require.Positive(t, p.RetryAfter)
			require.True(t, p.Expires.Equal(w.protocolNow().Add(24*3600e9)))
		}
		open, err := w.remote.Open(phone)
		require.NoError(t, err)
		require.Len(t, open, 1, "asked once")
		require.Equal(t, esign.Valid, verify(t, w, w.content(p.Document)).Verdict, "the first signature stands meanwhile")
		w.hours.Add(23)
		w.decide(true)
		s := w.service(nil)
		p = w.finish(s, "p")
		require.Equal(t, esign.Valid, verify(t, w, w.content(p.Document)).Verdict)
		w.clean(s)
	})
}

func TestRefusedThenAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		_, err := s.Prepare(t.Context(), w.plan("p", phone))
		require.NoError(t, err)
		advance := func(again bool) *esign.Progress {
			p, err := w.service(nil).Advance(t.Context(), &esign.AdvanceRequest{Key: "p", Again: again})
			require.NoError(t, err)
			return p
		}
		advance(false)
		w.decide(false)
		for range 2 {
			p := advance(false)
			require.Equal(t, esign.StageStopped, p.Stage)
			require.Equal(t, "holder-refused", p.Reason.Code)
			require.NotEmpty(t, p.Reason.VI)
		}
		w.clean(s)
		require.Equal(t, esign.StageWaiting, advance(true).Stage)
		w.hours.Add(25)
		require.Equal(t, "holder-late", advance(false).Reason.Code)
		require.Equal(t, esign.StageWaiting, advance(true).Stage)
		require.Equal(t, esign.StageWaiting, advance(true).Stage, "nothing to begin anew")
		w.decide(true)
		require.Equal(t, esign.StageDone, advance(false).Stage)
		w.clean(s)

		var topics []string
		n, err := s.Outbox().Drain(t.Context(), 10, func(_ context.Context, ms []sqlkit.Message) error {
			for _, m := range ms {
				var a esign.Announcement
				require.NoError(t, json.Unmarshal(m.Payload, &a))
				require.Equal(t, "p", a.Key)
				require.Equal(t, "hoso/p", a.Purpose)
				topics = append(topics, m.Topic+" "+m.ID)
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.ElementsMatch(t, []string{"esign.stopped p/1/1", "esign.stopped p/1/2", "esign.completed p"}, topics)
	})
}

// The process dies at every call that leaves it, once before the call has happened and once after; a new process goes on.
func TestKilledAtEveryCall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		kills := 0
		for _, late := range []bool{false, true} {
			for at := 1; ; at++ {
				key := fmt.Sprintf("kill-%v-%d", late, at)
				plan := w.plan(key, agency)
				n, died := 0, false
				die := func(string) error {
					if n++; n == at {
						died = true
						return errKilled
					}
					return nil
				}
				none := func(string) error { return nil }
				w.called, w.after = die, none
				if late {
					w.called, w.after = none, die
				}
				stamps := w.pki.Stamps()
				_, err := w.service(nil).Prepare(t.Context(), plan)
				if err == nil {
					_, err = w.service(nil).Advance(t.Context(), &esign.AdvanceRequest{Key: key})
				}
				if !died {
					require.NoError(t, err)
					break
				}
				// A signer that is down while a plan is prepared is let pass.
				if err != nil {
					require.ErrorIs(t, err, errKilled)
				}
				kills++
				w.called, w.after = nil, nil
				s := w.service(nil)
				_, err = s.Prepare(t.Context(), plan)
				require.NoError(t, err)
				p := w.finish(s, key)
				require.LessOrEqual(t, w.pki.Stamps()-stamps, int64(3), "one token more at most")
				report := verify(t, w, w.content(p.Document))
				require.Equal(t, esign.Valid, report.Verdict, "%s: %+v", key, report)
				require.Len(t, report.Signers, 2)
			}
		}
		require.Greater(t, kills, 40)
		w.called, w.after = nil, nil
		w.clean(w.service(nil))
	})
}

func TestManyAdvanceAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		_, err := s.Prepare(t.Context(), w.plan("p", agency))
		require.NoError(t, err)
		var wg sync.WaitGroup
		got := make([]*esign.Progress, 4)
		for i := range got {
			wg.Go(func() {
				var err error
				got[i], err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p"})
				require.NoError(t, err)
			})
		}
		wg.Wait()
		for _, g := range got {
			require.Equal(t, got[0], g, "all see the same result")
		}
		require.Equal(t, esign.StageDone, got[0].Stage)
		require.Equal(t, esign.Valid, verify(t, w, w.content(got[0].Document)).Verdict)
		w.clean(s)
	})
}

func TestResumePass(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		for _, key := range []string{"a", "b", "c"} {
			_, err := s.Prepare(t.Context(), w.plan(key, phone))
			require.NoError(t, err)
		}
		resume := func(most int) int {
			n, err := s.Resume(t.Context(), most)
			require.NoError(t, err)
			return n
		}
		require.Equal(t, 2, resume(2))
		require.Equal(t, 1, resume(2))
		require.Zero(t, resume(2), "all wait for the phone")
		w.decide(true)
		w.hours.Add(1)
		require.Equal(t, 3, resume(10))
		require.Zero(t, resume(10))
		for _, key := range []string{"a", "b", "c"} {
			p, err := s.Get(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, esign.StageDone, p.Stage)
		}
		w.clean(s)
	})
}

func TestStepwise(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		plan := w.plan("p", agency)
		plan.Stepwise = true
		_, err := s.Prepare(t.Context(), plan)
		require.NoError(t, err)
		n, err := s.Resume(t.Context(), 10)
		require.NoError(t, err)
		require.Zero(t, n, "nobody has begun")
		p, err := s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p"})
		require.NoError(t, err)
		require.False(t, p.Begun)
		require.Zero(t, p.Done)
		// Killed after the official was asked: Resume goes on with that signature and begins no other.
		w.called = func(what string) error {
			if what == "timestamp" {
				return errKilled
			}
			return nil
		}
		_, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p", Upto: 1})
		require.ErrorIs(t, err, esign.ErrUnavailable)
		p, err = s.Get(t.Context(), "p")
		require.NoError(t, err)
		require.True(t, p.Begun)
		w.called = nil
		n, err = s.Resume(t.Context(), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		w.hours.Add(1)
		n, err = s.Resume(t.Context(), 10)
		require.NoError(t, err)
		require.Zero(t, n, "the clerk has not begun")
		for range 2 {
			p, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p", Upto: 1})
			require.NoError(t, err)
			require.Equal(t, 1, p.Done)
		}
		p, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p", Upto: 2})
		require.NoError(t, err)
		require.Equal(t, esign.StageDone, p.Stage)
		w.clean(s)
	})
}

// fixed answers with what it has.
type fixed struct {
	token []byte
	err   error
}

func (f fixed) Timestamp(context.Context, crypto.Hash, []byte) ([]byte, error) { return f.token, f.err }

func TestTimestampersFailOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		client, err := rfc3161.New(w.tsa.URL, &rfc3161.Options{HTTPClient: w.tsa.Client(), Roots: w.pki.Roots()})
		require.NoError(t, err)
		other, err := client.Timestamp(t.Context(), crypto.SHA256, make([]byte, 32))
		require.NoError(t, err)
		down, noise := fixed{err: errors.New("down")}, fixed{token: []byte("noise")}
		s := w.serviceWith(nil, down, noise, fixed{token: other}, fixed{token: append(bytes.Clone(other), 0)}, client)
		_, err = s.Prepare(t.Context(), w.plan("p", agency))
		require.NoError(t, err)
		require.Equal(t, esign.Valid, verify(t, w, w.content(w.finish(s, "p").Document)).Verdict)

		// With all down the value is kept and the holder is not asked again.
		_, err = s.Prepare(t.Context(), w.plan("q", agency))
		require.NoError(t, err)
		asked := 0
		w.called = func(what string) error {
			if what == "begin" {
				asked++
			}
			return nil
		}
		w.pki.Misbehave(pkisim.Down)
		for range 2 {
			_, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "q"})
			require.ErrorIs(t, err, esign.ErrUnavailable)
			require.ErrorIs(t, err, rfc3161.ErrUnavailable)
		}
		w.pki.Misbehave(pkisim.Behave)
		w.finish(s, "q")
		require.Equal(t, 2, asked)

		_, err = s.Prepare(t.Context(), w.plan("r", agency))
		require.NoError(t, err)
		tight := w.serviceWith(&esign.Options{TokenReserve: 500}, client)
		_, err = tight.Advance(t.Context(), &esign.AdvanceRequest{Key: "r"})
		require.ErrorIs(t, err, esign.ErrUnavailable)
		require.ErrorContains(t, err, "TokenReserve")
		w.clean(s)
	})
}

// liar answers with values of its own.
type liar struct {
	driver.Signer
	values [][]byte
	state  driver.State
}

func (l liar) Complete(context.Context, *driver.CompleteRequest) (*driver.CompleteResponse, error) {
	return &driver.CompleteResponse{State: l.state, Signatures: l.values}, nil
}

func TestASignersAnswerIsVerified(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		_, err := s.Prepare(t.Context(), w.plan("p", agency))
		require.NoError(t, err)
		for name, l := range map[string]liar{
			"noise":       {values: [][]byte{bytes.Repeat([]byte{1}, 256)}, state: driver.Signed},
			"none":        {state: driver.Signed},
			"two":         {values: [][]byte{{1}, {2}}, state: driver.Signed},
			"no state":    {values: [][]byte{{1}}},
			"empty value": {values: [][]byte{{}}, state: driver.Signed},
		} {
			lying, err := esign.New(w.db, func(ctx context.Context, holder string) (driver.Signer, error) {
				honest, err := w.signer(ctx, holder)
				l.Signer = honest
				return l, err
			}, nil, w.files, &esign.Options{ProtocolNow: w.protocolNow})
			require.NoError(t, err)
			_, err = lying.Advance(t.Context(), &esign.AdvanceRequest{Key: "p"})
			require.ErrorIs(t, err, esign.ErrForged, name)
		}
		w.finish(s, "p")
		w.clean(s)
	})
}

// A store that gives other bytes than it was given must not make a document whose signature does not hold.
func TestAFileThatChanged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		prepared, err := s.Prepare(t.Context(), w.plan("p", phone))
		require.NoError(t, err)
		p, err := s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p"})
		require.NoError(t, err)
		w.decide(true)
		good := w.content(p.Document)
		bad := bytes.Clone(good)
		bad[len(bad)/2] ^= 1
		w.files.content[p.Document] = bad
		_, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p"})
		require.ErrorIs(t, err, esign.ErrInternal)
		found, err := s.Audit(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, found)
		w.files.content[p.Document] = good
		w.finish(s, "p")
		w.clean(s)
		require.NotEqual(t, prepared.Document, p.Document)
	})
}
