package scan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ISO 32000-1 8.11.2.2: And and Or have one operand or more, Not has exactly one. A page that shows all of it while all
// layers are on can be drawn without them; one that says anything else can't.
func TestVisibilityExpressions(t *testing.T) {
	t.Parallel()
	nots := func(n int) string { return strings.Repeat("[/Not", n) + " 5 0 R" + strings.Repeat("]", n) }
	for expression, on := range map[string]bool{
		"[/And 5 0 R]":                  true,
		"[/Or 5 0 R]":                   true,
		"[/And 5 0 R 5 0 R]":            true,
		"[/Or 5 0 R 5 0 R]":             true,
		"[/And]":                        false,
		"[/Or]":                         false,
		"[/Not]":                        false,
		"[/Not 5 0 R 5 0 R]":            false,
		"[/Not 5 0 R]":                  false,
		"[/Not[/Not 5 0 R]]":            true,
		"[/And[/Not 5 0 R] 5 0 R]":      false,
		"[/And 5 0 R[/Not 5 0 R]]":      false,
		"[/Or[/Not 5 0 R][/Not 5 0 R]]": false,
		"[/Or[/Not 5 0 R] 5 0 R]":       true,
		"[/And[/Or[/Not 5 0 R] 5 0 R]]": true,
		"[/Nand 5 0 R]":                 false,
		"[5 0 R]":                       false,
		"[]":                            false,
		"[/And 99 0 R]":                 false,
		nots(20):                        true,
		// What can't be worked out is not seen, and neither is what it is not.
		"[/Not[/Xor 5 0 R 5 0 R]]": false,
		"[/Not[/And]]":             false,
		"[/Not[/Not]]":             false,
		"[/Not 99 0 R]":            false,
		nots(22):                   false, // deeper than anybody writes
		nots(23):                   false,
	} {
		s, err := check(t, withMembership("/VE"+expression).bytes())
		if !on {
			require.Error(t, err, expression)
			continue
		}
		require.NoError(t, err, expression)
		require.True(t, s.Normalised, expression)
	}
}

// TestExpressionThatRepeatsItself: each list names the next one eight times. A few deep it is worked out, 20 deep it is
// refused and not worked out.
func TestExpressionThatRepeatsItself(t *testing.T) {
	t.Parallel()
	repeated := func(depth int) []byte {
		d := withMembership("/VE 8 0 R")
		for i := range depth {
			d.objects = append(d.objects, "[/And"+strings.Repeat(fmt.Sprintf(" %d 0 R", 9+i), 8)+"]")
		}
		d.objects = append(d.objects, "<</Type/OCG/Name(a)>>")
		return d.bytes()
	}
	_, err := check(t, repeated(3))
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := check(t, repeated(20))
		done <- err
	}()
	select {
	case err := <-done:
		require.Error(t, err)
	case <-time.After(time.Minute):
		require.Fail(t, "it is worked out for ever")
	}
}
