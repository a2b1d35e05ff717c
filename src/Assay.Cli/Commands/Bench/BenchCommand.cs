using System.CommandLine;

namespace Assay.Cli;

/// <summary><c>assay bench</c>: benchmarks as measurements.</summary>
internal static class BenchCommand
{
    public static Command Create(CliEnvironment environment) => new("bench", "Benchmarks as measurements: one ranking of sparse results, robustness to wording, hedging and guessing; a table's own nested benchmark.")
    {
        BenchAggregateCommand.Create(environment),
        BenchAskCommand.Create(environment),
        BenchDcsCommand.Create(environment),
        BenchNestedCommand.Create(environment),
        BenchPerturbCommand.Create(environment),
        BenchPerturbTestCommand.Create(environment),
    };
}
