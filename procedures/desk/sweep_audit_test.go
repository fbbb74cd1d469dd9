package desk_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/motcua/motcua/workflow/sqlkit/sqltest"
)

// An audit that cannot read everything finds nothing out, and says so.
func TestEveryFaultOfAnAuditIsTold(t *testing.T) {
	t.Parallel()
	eachFaulty(t, func(t *testing.T, p *ports, f *sqltest.Faults) {
		p.come(t, "audit", "certified")
		p.b.Files = p.files // a file that cannot be read is a finding
		f.Sweep(t, func(t *testing.T) sqltest.Use {
			return func(ctx context.Context) error {
				problems, err := p.b.Audit(ctx)
				assert.Empty(t, problems)
				return err
			}
		})
	})
}
