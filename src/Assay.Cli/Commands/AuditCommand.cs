using System.CommandLine;

namespace Assay.Cli;

/// <summary><c>assay audit</c>: finds faults in data with the help of predictions.</summary>
internal static class AuditCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var command = new Command("audit", "Find faults in data with the help of a model's predictions.");
        command.Add(AuditInfluenceCommand.Create(environment));
        command.Add(AuditJudgesCommand.Create(environment));
        command.Add(AuditLabelsCommand.Create(environment));
        command.Add(AuditNeighboursCommand.Create(environment));
        command.Example("assay audit labels predictions.csv", "labels that are probably wrong");
        command.Example("assay audit neighbours predictions.csv --negative no_relation --features embeddings.npy", "missed positives among the negatives");
        command.Example("assay audit influence digits --prune 0.5", "how each example is learnt, and whether half of them would do");
        command.Example("assay audit judges items.csv --judgements judges.csv", "labels that an ensemble of judges contradicts");
        return command;
    }
}
