package machine

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/looplab/fsm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var pass = func() error { return nil }

func table() *Table {
	return New("a", []Move{{"go", []string{"a"}, "b"}, {"stay", []string{"b"}, "b"}, {"back", []string{"b", "c"}, "a"}})
}

func TestStep(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for _, c := range []struct {
		name, state, event, to string
		guard                  func() error
		err                    error
	}{
		{"moves", "a", "go", "b", pass, nil},
		{"stays in its state", "b", "stay", "b", pass, nil},
		{"several sources", "c", "back", "a", pass, nil},
		{"guard refuses", "a", "go", "", func() error { return refused }, refused},
		{"guard refuses to stay", "b", "stay", "", func() error { return refused }, refused},
		{"wrong state", "a", "back", "", pass, ErrNoMove},
		{"unknown event", "a", "jump", "", pass, ErrNoMove},
		{"unknown state", "zzz", "go", "", pass, ErrNoMove},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			to, err := table().Step(t.Context(), c.state, c.event, c.guard)
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, c.to, to)
		})
	}
}

// A cancelled caller gets its error and leaves a usable table behind.
func TestStepCancelled(t *testing.T) {
	t.Parallel()
	tb := table()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := tb.Step(ctx, "a", "go", pass)
	require.ErrorIs(t, err, context.Canceled)
	ctx, cancel = context.WithCancel(t.Context())
	to, err := tb.Step(ctx, "a", "go", func() error { cancel(); return nil })
	require.NoError(t, err, "a context that ends during the step does not stop it half way")
	assert.Equal(t, "b", to)
	to, err = tb.Step(t.Context(), "a", "go", pass)
	require.NoError(t, err)
	assert.Equal(t, "b", to)
}

func TestStepSurvivesPanic(t *testing.T) {
	t.Parallel()
	tb := table()
	assert.Panics(t, func() { _, _ = tb.Step(t.Context(), "a", "go", func() error { panic("guard") }) })
	to, err := tb.Step(t.Context(), "a", "go", pass)
	require.NoError(t, err)
	assert.Equal(t, "b", to)
}

func TestStepConcurrently(t *testing.T) {
	t.Parallel()
	tb := table()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				to, err := tb.Step(context.Background(), "a", "go", pass)
				assert.NoError(t, err)
				assert.Equal(t, "b", to)
			}
		})
	}
	wg.Wait()
}

// The tests below pin what fsm does, so that an upgrade which changes it is
// noticed and this package is looked at again.

func quirk(cb fsm.Callbacks) *fsm.FSM {
	return fsm.NewFSM("a", fsm.Events{{Name: "go", Src: []string{"a"}, Dst: "b"}, {Name: "stay", Src: []string{"b"}, Dst: "b"}}, cb)
}

func TestQuirkCancelledContextPoisons(t *testing.T) {
	t.Parallel()
	m := quirk(nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, m.Event(ctx, "go"))
	assert.Equal(t, "a", m.Current())
	var stuck fsm.InTransitionError
	require.ErrorAs(t, m.Event(t.Context(), "go"), &stuck)
	assert.False(t, m.Can("go"))
	m.SetState("a")
	require.ErrorAs(t, m.Event(t.Context(), "go"), &stuck, "SetState does not heal it")
}

func TestQuirkErrWithoutCancelMoves(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	m := quirk(fsm.Callbacks{"before_event": func(_ context.Context, e *fsm.Event) { e.Err = boom }})
	require.ErrorIs(t, m.Event(t.Context(), "go"), boom)
	assert.Equal(t, "b", m.Current(), "an error does not mean that it did not move")
}

func TestQuirkSelfTransitionIsAnError(t *testing.T) {
	t.Parallel()
	m := quirk(nil)
	m.SetState("b")
	var same fsm.NoTransitionError
	require.ErrorAs(t, m.Event(t.Context(), "stay"), &same)
	assert.NoError(t, same.Err)
}

func TestQuirkNothingIsValidated(t *testing.T) {
	t.Parallel()
	m := fsm.NewFSM("nowhere", fsm.Events{
		{Name: "go", Src: []string{"a"}, Dst: "b"}, {Name: "go", Src: []string{"a"}, Dst: "c"},
	}, fsm.Callbacks{"befor_go": func(context.Context, *fsm.Event) {}})
	assert.Equal(t, "nowhere", m.Current())
	m.SetState("a")
	require.NoError(t, m.Event(t.Context(), "go"))
	assert.Equal(t, "c", m.Current(), "the last of two same edges wins silently")
}

func TestQuirkContextEndsWithEvent(t *testing.T) {
	t.Parallel()
	var inner context.Context
	m := quirk(fsm.Callbacks{"enter_state": func(ctx context.Context, _ *fsm.Event) {
		inner = ctx //nolint:fatcontext // the quirk itself
	}})
	require.NoError(t, m.Event(t.Context(), "go"))
	require.Error(t, inner.Err(), "work started in a callback would die: hence no effects there")
}

func BenchmarkStep(b *testing.B) {
	tb := table()
	for b.Loop() {
		if _, err := tb.Step(b.Context(), "a", "go", pass); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStepByHand is the same work on a map.
func BenchmarkStepByHand(b *testing.B) {
	edges := map[[2]string]string{{"a", "go"}: "b", {"b", "back"}: "a"}
	for b.Loop() {
		if edges[[2]string{"a", "go"}] != "b" {
			b.Fatal("lost")
		}
	}
}
