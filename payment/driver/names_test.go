package driver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/motcua/motcua/payment/driver"
)

func TestZeroValuesAreTheCautiousOnes(t *testing.T) {
	t.Parallel()
	var (
		o driver.Outcome
		v driver.Verdict
	)
	assert.Equal(t, driver.Unknown, o, "an outcome nobody set must not settle anything")
	assert.Equal(t, driver.Retry, v, "a verdict nobody set must make the gateway try again")
}

func TestNamesAndNumbersAreFrozen(t *testing.T) {
	t.Parallel()
	outcomes := []string{"unknown", "paid", "failed", "held", "outcome 4"}
	for n, want := range outcomes {
		assert.Equal(t, want, driver.Outcome(n).String())
	}
	verdicts := []string{"retry", "accepted", "repeated", "wrong amount", "unknown reference", "forged", "verdict 6"}
	for n, want := range verdicts {
		assert.Equal(t, want, driver.Verdict(n).String())
	}
	for n, v := range driver.Verdicts() {
		assert.Equal(t, driver.Verdict(n), v)
	}
	codes := []string{
		"ok", "unknown", "invalid", "not found", "forged", "conflict", "refused", "unavailable", "unsupported", "internal", "code 10",
	}
	for n, want := range codes {
		assert.Equal(t, want, driver.Code(n).String())
	}
}
