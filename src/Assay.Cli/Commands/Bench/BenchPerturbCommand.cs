using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay bench perturb</c>: other wordings of a benchmark's questions, by rules or by a chat model.</summary>
internal static class BenchPerturbCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var file = new Argument<string>("questions") { Description = "Questions: our JSONL, ARC, OpenBookQA, HellaSwag, RACE, SciQ, TruthfulQA, COPA, PIQA, WinoGrande, or MMLU CSV; 'sample' for 24 questions of ours." };
        var output = new Option<string>("--out", "-o") { Description = "Where the questions with their paraphrases go, as JSONL.", HelpName = "file", Required = true };
        var mu = new Option<double>("--mu") { Description = "The distortion: the chance that each place that could change does (0 to 1); of a chat model its temperature (up to 2).", HelpName = "0…2", DefaultValueFactory = _ => 1 };
        var count = new Option<int>("--paraphrases", "-p") { Description = "How many wordings of each question.", HelpName = "count", DefaultValueFactory = _ => 1 };
        var seed = new Option<long>("--seed") { Description = "The seed; the same seed gives the same texts.", HelpName = "number" };
        var judge = new Option<bool>("--judge") { Description = "With --endpoint: ask the model as well whether each wording means the same; the answers go into the file, and 'assay bench ask' passes them on." };
        var chat = new EndpointOptions();
        var command = new Command("perturb", "Reword a benchmark's questions by rules or a chat model that keep their meaning; options and key stay.") { file, output, mu, count, seed, judge };
        chat.AddTo(command);
        command.Example("assay bench perturb anatomy_test.csv --out anatomy.jsonl", "one other wording of each MMLU question");
        command.Example("assay bench perturb ARC-Challenge-Test.jsonl -p 5 --mu 0.5 --out arc.jsonl", "five milder ones");
        command.Example("assay bench perturb sample -p 3 --out s.jsonl --endpoint http://localhost:11434/v1 --model llama3.1 --judge", "three by a chat model, which also judges them");
        command.Handle(environment, async session =>
        {
            if (session.Get(count) < 1)
                throw new ArgumentException($"--paraphrases must be at least 1, not {session.Get(count)}");
            var most = chat.AreGiven(session) ? 2 : 1;
            if (!(session.Get(mu) > 0 && session.Get(mu) <= most))
                throw new ArgumentException($"--mu must be above 0 and at most {most}, not {session.Get(mu)}");
            if (session.Get(judge) && !chat.AreGiven(session))
                throw new ArgumentException("--judge needs --endpoint: a chat model to ask");
            var name = session.Require(file);
            var items = name == "sample" ? QuestionFile.Sample() : QuestionFile.Load(environment.PathOf(name));
            using var models = chat.AreGiven(session) ? chat.Open(session) : null;
            Rephraser rephraser = models is null ? new RuleRephraser() : new ChatRephraser(models.Client);
            var (reworded, done) = (new Reworded[items.Length], 0);
            await session.WithProgressAsync(async progress =>
            {
                await Parallel.ForEachAsync(Enumerable.Range(0, items.Length), new ParallelOptions { MaxDegreeOfParallelism = models is null ? 1 : chat.Concurrency(session), CancellationToken = session.Cancellation }, async (i, stop) =>
                {
                    reworded[i] = await RewordAsync(items[i], i, rephraser, session.Get(count), session.Get(mu), session.Get(seed), session.Get(judge) ? models : null, stop);
                    progress.Report(new ProgressUpdate("rewording", Interlocked.Increment(ref done), items.Length));
                });
                return true;
            });
            var path = environment.PathOf(session.Require(output));
            AtomicFile.Write(path, stream =>
            {
                using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
                for (var i = 0; i < items.Length; i++)
                {
                    var row = new Dictionary<string, object?>
                    {
                        ["id"] = items[i].Id, ["question"] = items[i].Question, ["choices"] = items[i].Choices, ["answer"] = items[i].Correct, ["subject"] = items[i].Subject, ["paraphrases"] = reworded[i].Wordings,
                        ["mu"] = session.Get(mu), ["seed"] = session.Get(seed),
                    };
                    if (session.Get(judge))
                        row["approved"] = reworded[i].Approved;
                    writer.WriteLine(System.Text.Json.JsonSerializer.Serialize(row, LabJson.Line));
                }
            });
            models?.Report(session);
            var (asked, valid) = (items.Length * session.Get(count), reworded.Sum(r => r.Wordings.Length));
            bool?[] approved = [.. reworded.SelectMany(r => r.Approved)];
            var result = new BenchPerturbResult(path, items.Length, valid, asked - valid, valid == 0 ? double.NaN : 1 - reworded.SelectMany((r, i) => r.Wordings.Select(w => RephrasingCheck.Overlap(items[i].Question, w))).Sum() / valid)
            {
                Approved = session.Get(judge) && approved.Length > 0 ? (double)approved.Count(a => a == true) / approved.Length : null,
            };
            if (asked - valid > 0.2 * asked)
                session.Warn($"{asked - valid} of {asked} wordings changed nothing that may change, or failed the check, and are left out");
            session.Show(result, r => new Spectre.Console.Text($"{r.Wordings} wordings of {r.Questions} questions in {r.File}; {ReportNumbers.Percent(r.Change)} of the words differ{(r.Approved is { } share ? $"; the judge approves {ReportNumbers.Percent(share)}" : "")}{Environment.NewLine}"));
            return CliHost.Done;
        });
        return command;
    }

    private static async Task<Reworded> RewordAsync(QuestionItem item, int number, Rephraser rephraser, int count, double mu, long seed, ChatModels? judge, CancellationToken cancellation)
    {
        var (wordings, approved) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<bool?>());
        for (var j = 0; j < count; j++)
        {
            var wording = await rephraser.RephraseAsync(item.Question, mu, unchecked((seed * 1_000_003 + number) * 64 + j), cancellation);
            if (!wording.IsValid || wordings.Contains(wording.Text))
                continue;
            wordings.Add(wording.Text);
            if (judge is not null)
                approved.Add(await RephrasingJudge.ApprovesAsync(judge.Client, item.Question, wording.Text, cancellation));
        }
        return new Reworded(wordings.ToImmutable(), approved.ToImmutable());
    }

    private sealed record Reworded(ImmutableArray<string> Wordings, ImmutableArray<bool?> Approved);
}

/// <summary>What <c>assay bench perturb</c> did.</summary>
/// <param name="File">The file that was written.</param>
/// <param name="Questions">The number of questions.</param>
/// <param name="Wordings">The number of wordings.</param>
/// <param name="Invalid">How many were left out.</param>
/// <param name="Change">Mean 1 − Jaccard overlap of words with the original.</param>
public sealed record BenchPerturbResult(string File, int Questions, int Wordings, int Invalid, double Change)
{
    /// <summary>The share that the judge approved; null where none was asked.</summary>
    public double? Approved { get; init; }
}
