using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;

namespace Assay.Cli;

/// <summary><c>assay bench perturb</c>: other wordings of a benchmark's questions, by rules.</summary>
internal static class BenchPerturbCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var file = new Argument<string>("questions") { Description = "Questions: our JSONL, ARC, OpenBookQA, HellaSwag, RACE, SciQ, TruthfulQA, COPA, PIQA, WinoGrande, or MMLU CSV; 'sample' for 24 questions of ours." };
        var output = new Option<string>("--out", "-o") { Description = "Where the questions with their paraphrases go, as JSONL.", HelpName = "file", Required = true };
        var mu = new Option<double>("--mu") { Description = "The distortion: the chance that each place that could change does.", HelpName = "0…1", DefaultValueFactory = _ => 1 };
        var count = new Option<int>("--paraphrases", "-p") { Description = "How many wordings of each question.", HelpName = "count", DefaultValueFactory = _ => 1 };
        var seed = new Option<long>("--seed") { Description = "The seed; the same seed gives the same texts.", HelpName = "number" };
        var command = new Command("perturb", "Reword a benchmark's questions by rules that keep their meaning; options and key stay.") { file, output, mu, count, seed };
        command.Example("assay bench perturb anatomy_test.csv --out anatomy.jsonl", "one other wording of each MMLU question");
        command.Example("assay bench perturb ARC-Challenge-Test.jsonl -p 5 --mu 0.5 --out arc.jsonl", "five milder ones");
        command.Handle(environment, async session =>
        {
            if (session.Get(count) < 1)
                throw new ArgumentException($"--paraphrases must be at least 1, not {session.Get(count)}");
            if (session.Get(mu) is not (> 0 and <= 1))
                throw new ArgumentException($"--mu must be above 0 and at most 1, not {session.Get(mu)}");
            var name = session.Require(file);
            var items = name == "sample" ? QuestionFile.Sample() : QuestionFile.Load(environment.PathOf(name));
            var rephraser = new RuleRephraser();
            var (rows, invalid, overlap) = (new List<object>(), 0, 0.0);
            for (var i = 0; i < items.Length; i++)
            {
                var wordings = ImmutableArray.CreateBuilder<string>();
                for (var j = 0; j < session.Get(count); j++)
                {
                    var wording = await rephraser.RephraseAsync(items[i].Question, session.Get(mu), unchecked((session.Get(seed) * 1_000_003 + i) * 64 + j), session.Cancellation);
                    if (!wording.IsValid || wordings.Contains(wording.Text))
                    {
                        invalid++;
                        continue;
                    }
                    overlap += RephrasingCheck.Overlap(items[i].Question, wording.Text);
                    wordings.Add(wording.Text);
                }
                rows.Add(new { items[i].Id, items[i].Question, items[i].Choices, Answer = items[i].Correct, items[i].Subject, Paraphrases = wordings.ToImmutable(), Mu = session.Get(mu), Seed = session.Get(seed) });
            }
            var path = environment.PathOf(session.Require(output));
            AtomicFile.Write(path, stream =>
            {
                using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
                foreach (var row in rows)
                    writer.WriteLine(System.Text.Json.JsonSerializer.Serialize(row, LabJson.Line));
            });
            var asked = items.Length * session.Get(count);
            var result = new BenchPerturbResult(path, items.Length, asked - invalid, invalid, asked == invalid ? double.NaN : 1 - overlap / (asked - invalid));
            if (invalid > 0.2 * asked)
                session.Warn($"{invalid} of {asked} wordings changed nothing that may change, or failed the check, and are left out");
            session.Show(result, r => new Spectre.Console.Text($"{r.Wordings} wordings of {r.Questions} questions in {r.File}; {ReportNumbers.Percent(r.Change)} of the words differ{Environment.NewLine}"));
            return CliHost.Done;
        });
        return command;
    }
}

/// <summary>What <c>assay bench perturb</c> did.</summary>
/// <param name="File">The file that was written.</param>
/// <param name="Questions">The number of questions.</param>
/// <param name="Wordings">The number of wordings.</param>
/// <param name="Invalid">How many were left out.</param>
/// <param name="Change">Mean 1 − Jaccard overlap of words with the original.</param>
public sealed record BenchPerturbResult(string File, int Questions, int Wordings, int Invalid, double Change);
