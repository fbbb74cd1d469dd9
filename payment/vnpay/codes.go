package vnpay

import "github.com/motcua/motcua/payment/driver"

const (
	statusOK         = "00" // vnp_TransactionStatus: done
	statusUnfinished = "01"
	statusError      = "02"
	responseOK       = "00"
	responseSuspect  = "07" // debited, suspected of fraud
	responseNotFound = "91" // querydr: no such transaction
)

// outcome combines vnp_ResponseCode and vnp_TransactionStatus. Where they
// contradict each other, or one is new to us, the answer is Unknown and a later
// poll decides.
func outcome(response, status string) driver.Outcome {
	switch status {
	case "04", "05", "06", "07", "09": // reversed, refund under way, suspected, refund rejected
		return driver.Held
	case statusOK:
		switch response {
		case responseOK:
			return driver.Paid
		case responseSuspect:
			return driver.Held
		}
	case statusError:
		switch response {
		case responseSuspect:
			return driver.Held
		case responseOK:
			return driver.Unknown
		}
		if final(response) {
			return driver.Failed
		}
	}
	return driver.Unknown
}

// final says whether a response code means that nothing was debited and nothing
// will be: the payer's bank refused, the payer gave up, time ran out.
func final(response string) bool {
	switch response {
	case "09", // card or account has no internet banking
		"10", // card data wrong three times
		"11", // time to pay ran out
		"12", // card locked
		"13", // wrong one-time password
		"24", // payer cancelled
		"51", // not enough money
		"65", // daily limit
		"75", // bank under maintenance
		"79", // wrong payment password too often
		"99": // other error, with status 02
		return true
	}
	return false
}

// queryOutcome reads an answer of querydr: its response code says how the
// question went, only the status how the payment stands.
func queryOutcome(status string) driver.Outcome {
	switch status {
	case statusOK:
		return driver.Paid
	case statusError:
		return driver.Failed
	case "04", "05", "06", "07", "09":
		return driver.Held
	}
	return driver.Unknown // 01 not finished, and codes still to be invented
}
