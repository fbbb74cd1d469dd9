package esign

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What stands at a documented limit of a plan is taken; what is one beyond is not. Texts are counted in characters, so
// the longest one is four octets a character.
func TestPlanAtItsEdges(t *testing.T) {
	t.Parallel()
	first := func(change func(*PlannedSignature, string)) func(*Plan, string) {
		return func(p *Plan, s string) { change(&p.Signatures[0], s) }
	}
	for name, c := range map[string]struct {
		set         func(*Plan, string)
		least, most int
	}{
		"key":        {func(p *Plan, s string) { p.Key = s }, 1, 128},
		"document":   {func(p *Plan, s string) { p.Document = s }, 1, 500},
		"purpose":    {func(p *Plan, s string) { p.Purpose = s }, 0, 500},
		"title":      {func(p *Plan, s string) { p.Title = s }, 0, 200},
		"field":      {first(func(p *PlannedSignature, s string) { p.Field = s }), 1, 64},
		"holder":     {first(func(p *PlannedSignature, s string) { p.Holder = s }), 1, 128},
		"name":       {first(func(p *PlannedSignature, s string) { p.Name = s }), 0, 500},
		"reason":     {first(func(p *PlannedSignature, s string) { p.Reason = s }), 0, 500},
		"location":   {first(func(p *PlannedSignature, s string) { p.Location = s }), 0, 500},
		"appearance": {first(func(p *PlannedSignature, s string) { p.Appearance = s }), 0, 500},
	} {
		for n, taken := range map[int]bool{c.least - 1: false, c.least: true, c.most: true, c.most + 1: false} {
			if n < 0 {
				continue
			}
			p := validPlan()
			c.set(p, strings.Repeat("\U0001F58B", n))
			_, err := p.normalised()
			requireTaken(t, taken, err, fmt.Sprintf("%s of %d characters", name, n))
		}
		p := validPlan()
		c.set(p, "a\xff")
		_, err := p.normalised()
		require.ErrorIs(t, err, ErrInvalid, "%s not UTF-8", name)
	}
	for n, taken := range map[int]bool{0: false, 1: true, 16: true, 17: false} {
		p := validPlan()
		p.Signatures = nil
		for i := range n {
			p.Signatures = append(p.Signatures, PlannedSignature{Field: fmt.Sprint("f", i), Holder: "h"})
		}
		_, err := p.normalised()
		requireTaken(t, taken, err, fmt.Sprint(n, " signatures"))
	}
}

func TestPlannedSignatureAtItsEdges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*PlannedSignature)
		taken  bool
	}{
		"with a time stamp":            {func(s *PlannedSignature) { s.Level = LevelBT }, true},
		"without":                      {func(s *PlannedSignature) { s.Level = LevelBB }, true},
		"level before the first":       {func(s *PlannedSignature) { s.Level = -1 }, false},
		"level after the last":         {func(s *PlannedSignature) { s.Level = LevelBB + 1 }, false},
		"field with a zero":            {func(s *PlannedSignature) { s.Field = "a\x00" }, false},
		"invisible on the first page":  {func(s *PlannedSignature) { *s = PlannedSignature{Field: "f", Holder: "h"} }, true},
		"invisible on a later page":    {func(s *PlannedSignature) { *s = PlannedSignature{Field: "f", Holder: "h", Page: 2} }, true},
		"invisible before the first":   {func(s *PlannedSignature) { *s = PlannedSignature{Field: "f", Holder: "h", Page: -1} }, false},
		"visible on no page":           {func(s *PlannedSignature) { s.Page = 0 }, false},
		"shows nothing yet":            {func(s *PlannedSignature) { s.Appearance = "" }, true},
		"a point wide and high":        {func(s *PlannedSignature) { s.Rect = Rect{5, 5, 6, 6} }, true},
		"less than a point wide":       {func(s *PlannedSignature) { s.Rect = Rect{5, 5, 5.9, 6} }, false},
		"less than a point high":       {func(s *PlannedSignature) { s.Rect = Rect{5, 5, 6, 5.9} }, false},
		"corners in the wrong order":   {func(s *PlannedSignature) { s.Rect = Rect{6, 5, 5, 6} }, false},
		"at the end of coordinates":    {func(s *PlannedSignature) { s.Rect = Rect{-20_000, -20_000, 20_000, 20_000} }, true},
		"right of them":                {func(s *PlannedSignature) { s.Rect = Rect{0, 0, 20_001, 10} }, false},
		"above them":                   {func(s *PlannedSignature) { s.Rect = Rect{0, 0, 10, 20_001} }, false},
		"left of them":                 {func(s *PlannedSignature) { s.Rect = Rect{-20_001, 0, 10, 10} }, false},
		"below them":                   {func(s *PlannedSignature) { s.Rect = Rect{0, -20_001, 10, 10} }, false},
		"appearance without rectangle": {func(s *PlannedSignature) { s.Rect = Rect{} }, false},
	} {
		p := validPlan()
		c.change(&p.Signatures[0])
		_, err := p.normalised()
		requireTaken(t, c.taken, err, name)
	}
}

func requireTaken(t *testing.T, taken bool, err error, name string) {
	t.Helper()
	if taken {
		require.NoError(t, err, name)
		return
	}
	require.ErrorIs(t, err, ErrInvalid, name)
}
