package payment

import (
	"context"
	"io"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/driver"
)

// Reconciliation counts what a settlement file said.
type Reconciliation struct {
	// Rows is how many could be read; Bad how many could not.
	Rows, Bad int
	// Verdicts counts the rows by what came of them.
	Verdicts map[driver.Verdict]int
}

// Reconcile reads a settlement file (tệp đối soát) row by row, each in a
// transaction of its own, as if the gateway had told each row by a notice. A bad
// row is counted and does not stop the others; running the file again changes
// nothing. A gateway that sends no files is ErrUnsupported.
func (s *Service) Reconcile(ctx context.Context, gateway string, file io.Reader) (*Reconciliation, error) {
	g, ok := s.gateways[gateway].(driver.Reconciled)
	if !ok {
		return nil, fail(CodeUnsupported, "gateway %q has no settlement files", gateway)
	}
	out := &Reconciliation{Verdicts: map[driver.Verdict]int{}}
	for r, err := range g.Statement(ctx, file) {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if err != nil {
			out.Bad++
			s.o.Logger.Warn("settlement row cannot be read", zap.String("gateway", gateway), zap.Int("after", out.Rows), zap.Error(err))
			continue
		}
		out.Rows++
		digest, err := digestReport(sourceStatement, &r)
		if err != nil {
			return out, err
		}
		v, err := s.learn(ctx, &word{gateway: gateway, source: sourceStatement, digest: digest, report: r})
		if err != nil {
			return out, err
		}
		out.Verdicts[v]++
	}
	return out, nil
}
