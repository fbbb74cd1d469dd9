package pdf

import (
	"cmp"
	"fmt"
)

// Limits bound what reading one file may cost. A zero field has its default. They count work, not time, so that an answer
// does not depend on how busy the machine is.
type Limits struct {
	Size     int64 // bytes of the file, default 128 MiB
	Entries  int   // cross-reference entries, summed over all revisions opened, default 600,000
	Sections int   // cross-reference sections of one chain, default 512
	Values   int   // values parsed (numbers, names, strings, …), default 1,500,000
	Memory   int64 // bytes that parsed values take, estimated, default 256 MiB
	Depth    int   // nesting of arrays and dictionaries, default 100
	Decoded  int64 // bytes that filters may put out, summed over the file, default 64 MiB
	Pages    int   // pages that Pages returns, default 20,000
}

func (l *Limits) withDefaults() Limits {
	var c Limits
	if l != nil {
		c = *l
	}
	c.Size = cmp.Or(c.Size, 128<<20)
	c.Entries = cmp.Or(c.Entries, 600_000)
	c.Sections = cmp.Or(c.Sections, 512)
	c.Values = cmp.Or(c.Values, 1_500_000)
	c.Memory = cmp.Or(c.Memory, 256<<20)
	c.Depth = cmp.Or(c.Depth, 100)
	c.Decoded = cmp.Or(c.Decoded, 64<<20)
	c.Pages = cmp.Or(c.Pages, 20_000)
	return c
}

// budget is what is left of Limits; all revisions of a file draw on one.
type budget struct {
	limits  Limits
	entries int
	values  int
	memory  int64
	decoded int64
	lexed   int64
}

func (b *budget) takeValue() error {
	if b.values++; b.values > b.limits.Values {
		return overLimit("values", int64(b.limits.Values))
	}
	return b.takeMemory(24) // its slot and its box
}

// dictBytes is what a dictionary of up to 8 keys takes, entryBytes what each key adds beyond its value.
const (
	dictBytes  = 336
	entryBytes = 24
)

func (b *budget) takeMemory(n int) error {
	if b.memory += int64(n); b.memory > b.limits.Memory {
		return overLimit("bytes of parsed values", b.limits.Memory)
	}
	return nil
}

// takeLexed counts the bytes read for one object. Objects that lie inside each other would else cost the square of their
// size; laid out as the standard asks, each byte is read once a revision.
func (b *budget) takeLexed(n int, size int64) error {
	if b.lexed += int64(n); b.lexed > 8*(size+b.decoded)+1<<20 {
		return fmt.Errorf("%w: objects lie inside each other", ErrLimit)
	}
	return nil
}

func (b *budget) takeEntries(n int) error {
	if n > b.limits.Entries-b.entries {
		return overLimit("cross-reference entries", int64(b.limits.Entries))
	}
	b.entries += n
	return nil
}

func (b *budget) takeDecoded(n int) error {
	if b.decoded += int64(n); b.decoded > b.limits.Decoded {
		return overLimit("decoded bytes", b.limits.Decoded)
	}
	return nil
}
