// Package procedures says what the law asks for in an administrative procedure
// (thủ tục hành chính) and turns it into a machine the workflow engine runs.
//
// A procedure is YAML: names, legal basis, form, components, fees, terms,
// states and steps, each with dates where the law gives dates. [Load] reads the
// layers national, ministry, province and commune from any [io/fs.FS];
// [Extend] lays an overlay over a base and refuses what the law does not leave
// to it; every fault is a [Finding] with file, line, rule and remedy, also in
// the model of states (see docs/rules.md). [Procedure.Compile] gives the
// machine, [Procedure.Mermaid] its drawing.
//
// The package also keeps what every desk needs and the law dates: the form
// numbers of the circular in force ([Forms]), the ten statuses of the National
// Public Service Portal ([Statuses]), dossier codes and look-up codes.
//
// Everything returned is immutable and safe for concurrent use unless a comment
// says otherwise.
package procedures
