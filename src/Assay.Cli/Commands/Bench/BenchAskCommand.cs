using System.Collections.Immutable;
using System.CommandLine;
using Assay.Data;
using Assay.Evaluation;
using Assay.Statistics;
using Spectre.Console;

namespace Assay.Cli;

/// <summary><c>assay bench ask</c>: chat models answer questions in all their wordings.</summary>
internal static class BenchAskCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var file = new Argument<string>("questions") { Description = "Multiple-choice questions, as 'assay bench perturb' writes them or in a published format; 'sample' for 24 of our own with five wordings." };
        var output = new Option<string>("--out", "-o") { Description = "The answers: model, item, subject, wording, option, correct.", HelpName = "file", Required = true };
        var chat = new EndpointOptions();
        var command = new Command("ask", "Ask chat models multiple-choice questions in all their wordings, for 'assay bench perturb-test'.") { file, output };
        chat.AddTo(command);
        command.Example("assay bench ask sample --endpoint http://localhost:11434/v1 --model llama3.1 -o answers.csv", "a local model, original and other wordings");
        command.Example("assay bench ask anatomy.jsonl --endpoint https://api.openai.com/v1 --model gpt-4o-mini --model gpt-4o -o a.csv", "two models; the key is in OPENAI_API_KEY");
        command.Handle(environment, async session =>
        {
            if (!chat.AreGiven(session))
                throw new ArgumentException("--endpoint is missing: the address of a chat model to ask");
            var name = session.Require(file);
            var items = name == "sample" ? QuestionFile.Sample() : QuestionFile.Load(environment.PathOf(name));
            using var models = chat.Open(session, most: 50);
            var cells = models.All.SelectMany((_, m) => items.SelectMany((item, i) => Enumerable.Range(0, item.Paraphrases.Length + 1).Select(w => (Model: m, Item: i, Wording: w)))).ToArray();
            var (chosen, done) = (new int[cells.Length], 0);
            await session.WithProgressAsync(async progress =>
            {
                await Parallel.ForEachAsync(Enumerable.Range(0, cells.Length), new ParallelOptions { MaxDegreeOfParallelism = chat.Concurrency(session), CancellationToken = session.Cancellation }, async (c, stop) =>
                {
                    var item = items[cells[c].Item];
                    chosen[c] = await Answering.ByChat(models.All[cells[c].Model].Client)(item, cells[c].Wording == 0 ? item.Question : item.Paraphrases[cells[c].Wording - 1], stop);
                    progress.Report(new ProgressUpdate("asking", Interlocked.Increment(ref done), cells.Length));
                });
                return true;
            });
            TextColumn Texts(string column, Func<(int Model, int Item, int Wording), string> value) => new(column, [.. cells.Select(value)]);
            var path = environment.PathOf(session.Require(output));
            TableFile.Write(path, new Data.Table(path,
            [
                Texts("model", c => models.All[c.Model].Name), Texts("item", c => items[c.Item].Id), Texts("subject", c => items[c.Item].Subject), new FloatColumn("wording", [.. cells.Select(c => (float)c.Wording)]),
                new TextColumn("option", [.. chosen.Select(o => o < 0 ? "" : $"{(char)('A' + o)}")]), new FloatColumn("correct", [.. cells.Select((c, i) => items[c.Item].Correct.Contains(chosen[i]) ? 1f : 0)]),
                .. ApprovedColumn(),
            ]));
            models.Report(session);
            var result = new BenchAskResult(path, items.Length, cells.Length, chosen.Count(o => o < 0), [.. models.All.Select((m, k) => new BenchAskModel(m.Name, Share(k, 0), Share(k, 1)))]);
            if (result.Unparsable > 0)
                session.Warn($"{result.Unparsable} of {result.Answers} replies name no option and count as wrong");
            session.Show(result, r => new Rows([.. r.Models.Select(m => new Text($"{m.Model}: {Units.Number(m.Original)} right{(double.IsNaN(m.Reworded) ? "" : $", {Units.Number(m.Reworded)} in other wordings")}")), new Text($"answers in {r.File}")]));
            return CliHost.Done;

            // Only where a judge was asked about the wordings.
            ImmutableArray<Data.TableColumn> ApprovedColumn() => items.All(i => i.Approved.IsEmpty) ? [] :
            [
                new FloatColumn("approved", [.. cells.Select(c => c.Wording > 0 && c.Wording <= items[c.Item].Approved.Length && items[c.Item].Approved[c.Wording - 1] is { } same ? same ? 1f : 0 : float.NaN)]),
            ];

            double Share(int model, int least) => cells.Select((c, i) => (c, i)).Where(p => p.c.Model == model && (least == 0 ? p.c.Wording == 0 : p.c.Wording > 0)).Select(p => items[p.c.Item].Correct.Contains(chosen[p.i]) ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();
        });
        return command;
    }
}

/// <summary>What <c>assay bench ask</c> did.</summary>
/// <param name="File">The file of answers.</param>
/// <param name="Questions">The number of questions.</param>
/// <param name="Answers">The number of answers.</param>
/// <param name="Unparsable">Replies that name no option.</param>
/// <param name="Models">Each model's accuracy.</param>
public sealed record BenchAskResult(string File, int Questions, int Answers, int Unparsable, ImmutableArray<BenchAskModel> Models);

/// <summary>A model's accuracy.</summary>
/// <param name="Model">The model.</param>
/// <param name="Original">On the original wordings.</param>
/// <param name="Reworded">On all others; NaN where there are none.</param>
public sealed record BenchAskModel(string Model, double Original, double Reworded);
