using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay scale</c>: fits laws of scaling, predicts with them, and draws them.</summary>
internal static class ScaleCommand
{
    private const string Laws = "over-training|chinchilla|power|kaplan|error|curve|difficulty";

    public static Command Create(CliEnvironment environment)
    {
        var command = new Command("scale", "Laws of scaling: fit them to small runs, predict large ones with intervals, plan compute.") { Fit(environment), Predict(environment), Plot(environment) };
        command.Example("assay scale fit runs.csv --law over-training --out law.json", "a loss law from columns n, d and loss");
        command.Example("assay scale predict law.json --at n=1e9,d=2e10", "a prediction with its interval");
        return command;
    }

    private static Command Fit(CliEnvironment environment)
    {
        var data = new Argument<string>("data") { Description = "A table of runs, the over-training paper's released folder, or a folder of our own runs." };
        var law = new Option<string>("--law", "-l") { Description = $"The law: {Laws.Replace("|", ", ", StringComparison.Ordinal)}.", HelpName = "law", Required = true };
        var x = new Option<string>("--x") { Description = "The abscissa of a power law.", HelpName = "column", DefaultValueFactory = _ => "n" };
        var y = new Option<string>("--y") { Description = "The ordinate of a power law.", HelpName = "column", DefaultValueFactory = _ => "loss" };
        var group = new Option<string?>("--group", "-g") { Description = "Only the rows of this group.", HelpName = "name" };
        var below = new Option<double?>("--below") { Description = "Fit only runs of less compute (6·n·d); the others are predicted and compared.", HelpName = "flops" };
        var paper = new Option<bool>("--paper-runs") { Description = "Fit the runs of the over-training paper (five for its law, six for the error law); the others are predicted and compared." };
        var holdOut = new Option<bool>("--hold-out") { Description = "Leave out the largest run or model, predict it and compare." };
        var guess = new Option<double>("--guess") { Description = "The chance of guessing (difficulty), or with --law curve the error of the best guess.", HelpName = "0…1" };
        var warmUp = new Option<double>("--warm-up") { Description = "Steps at the beginning that a trajectory's fit leaves out.", HelpName = "steps" };
        var output = new Option<string?>("--out", "-o") { Description = "Save the law.", HelpName = "file.json" };
        var at = At();
        var command = new Command("fit", "Fit a law to runs.") { data, law, x, y, group, below, paper, holdOut, guess, warmUp, output, at };
        command.Example("assay scale fit runs.csv --law over-training --out law.json --at n=1e9,d=2e10", "L = E + A·n^(−α) + B·d^(−α), and a prediction");
        command.Example("assay scale fit exp_data --law over-training --group rpj --paper-runs", "the released experiments: fit five runs, check the rest");
        command.Example("assay scale fit curves.csv --law kaplan --warm-up 100 --at n=1e8,steps=1e4,batch=1e6", "whole trajectories: columns run, n, batch, step, loss");
        command.Example("assay scale fit points.csv --law curve --out curve.json", "a learning curve: columns m, error, and size and seed if known");
        command.Example("assay scale fit passes.csv --law difficulty --guess 0.25 --hold-out", "columns question, model, compute, passes, trials");
        command.Example("assay scale fit runs --law power --x model.width --y log-loss", "our own run store, by setting and metric");
        command.Handle(environment, session =>
        {
            var path = environment.PathOf(session.Require(data));
            var table = ReadTable(path);
            if (session.Get(group) is { } chosen)
                table = table.OfGroup(chosen);
            var checks = new List<ScaleCheck>();
            var kind = session.Require(law);
            ScalingLaw fitted = kind switch
            {
                "over-training" or "chinchilla" => Surface(session, table, kind, session.Get(below), session.Get(paper), session.Get(holdOut), checks),
                "power" => PowerLaw.FitTo(table.Numbers(session.Require(x)), table.Numbers(session.Require(y)), IrreducibleTerm.Auto, session.Require(x)),
                "error" => Errors(table, session.Get(paper), checks),
                "kaplan" => Kaplan(session, table, session.Get(warmUp), session.Get(holdOut), checks),
                "curve" => LearningCurve.FitTo(table.LearningCurve(), new LearningCurveOptions { PriorError = session.Has(guess) ? session.Get(guess) : double.NaN, Quantity = table.Has("error") ? "error" : "loss" }),
                "difficulty" => Difficulty(table, session.Get(guess), session.Get(holdOut), checks),
                _ => throw new ArgumentException($"--law takes one of {Laws.Replace("|", ", ", StringComparison.Ordinal)}, not '{kind}'{Spelling.Suggestion(kind, Laws.Split('|'))}"),
            };
            foreach (var warning in fitted.Warnings)
                session.Warn(warning);
            if (session.Get(output) is { } file)
            {
                ScalingLawFile.Write(environment.PathOf(file), fitted);
                session.Note($"law: {file}");
            }
            session.Show(new ScaleResult(fitted, [.. (session.Get(at) ?? []).Select(a => Prediction(session, fitted, a))], [.. checks]), Render);
            return CliHost.Done;
        });
        return command;
    }

    private static Command Predict(CliEnvironment environment)
    {
        var law = new Argument<string>("law") { Description = "A law that assay scale fit saved." };
        var at = At();
        var target = new Option<double?>("--target") { Description = "What is needed for this loss or error: the cheapest split of compute, or the data.", HelpName = "value" };
        var compute = new Option<double?>("--compute") { Description = "The best use of this compute.", HelpName = "flops" };
        var command = new Command("predict", "Predict with a saved law, or plan by it.") { law, at, target, compute };
        command.Example("assay scale predict law.json --at n=1e9,d=2e10 --at n=1e9,d=1e12", "losses with intervals");
        command.Example("assay scale predict law.json --compute 1e21", "the compute-optimal size and data");
        command.Example("assay scale predict law.json --target 2.5", "what a loss costs, smaller models included");
        command.Handle(environment, session =>
        {
            var fitted = ScalingLawFile.Read(environment.PathOf(session.Require(law)));
            var result = new ScaleResult(fitted, [.. (session.Get(at) ?? []).Select(a => Prediction(session, fitted, a))], []) { Plans = [.. Plans(fitted, session.Get(target), session.Get(compute))] };
            if (result.Predictions.IsEmpty && result.Plans.IsEmpty)
                throw new ArgumentException($"give --at {string.Join(",", fitted.Variables.Select(v => v + "=…"))}, --target or --compute");
            session.Show(result, Render);
            return CliHost.Done;
        });
        return command;
    }

    private static Command Plot(CliEnvironment environment)
    {
        var law = new Argument<string>("law") { Description = "A law that assay scale fit saved." };
        var html = new Option<string>("--html") { Description = "The page.", HelpName = "file", DefaultValueFactory = _ => "scaling.html" };
        var at = At();
        var command = new Command("plot", "Draw a saved law with its runs and the band of extrapolation.") { law, html, at };
        command.Example("assay scale plot law.json --html law.html --at n=1e9,d=2e10", "a page whose curves reach to that point");
        command.Handle(environment, session =>
        {
            var fitted = ScalingLawFile.Read(environment.PathOf(session.Require(law)));
            IReadOnlyList<double> target = session.Get(at) is { Length: > 0 } given ? Point(fitted, given[0]) : [];
            var verdict = target.Count == 0 ? fitted.Formula : $"At {string.Join(", ", fitted.Variables.Zip(target, (v, t) => $"{v} = {ReportNumbers.Value(t)}"))} the {fitted.Response} is {ReportNumbers.ValueAndInterval(fitted.Predict([.. target]))}.";
            session.WriteReport(session.Require(html), new Report("A law of scaling", verdict, environment.Time.GetUtcNow(), ScalingSections.Of(fitted, target)) { Subtitle = fitted.Formula });
            return CliHost.Done;
        });
        return command;
    }

    private static Option<string[]> At() => new("--at", "-a") { Description = "A point to predict; may be given several times.", HelpName = "n=1e9,d=2e10" };

    private static ScalingTable ReadTable(string path)
    {
        if (!Directory.Exists(path) || Directory.Exists(Path.Combine(path, "models")) || Directory.Exists(Path.Combine(path, "exp_data")))
            return ScalingTable.Read(path);
        var runs = new RunStore(path).List().Where(r => r.Info.Status == RunStatus.Finished).ToArray();
        if (runs.Length == 0)
            throw new InvalidDataException($"{path}: no finished runs, and no released experiments (exp_data/models)");
        return new ScalingTable(path, [.. runs.Select(Row)]);
    }

    // Settings, key figures, and the last value of each curve.
    private static Dictionary<string, string> Row(Run run)
    {
        var row = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["name"] = run.Info.Name };
        foreach (var (name, value) in run.Info.Settings)
            row[name] = value;
        foreach (var curve in run.ReadCurves().GroupBy(p => p.Name))
            row[curve.Key] = curve.Last().Value.ToString("r", CultureInfo.InvariantCulture);
        foreach (var (name, value) in run.Info.Metrics)
            row[name] = value.ToString("r", CultureInfo.InvariantCulture);
        return row;
    }

    private static LossSurface Surface(CommandSession session, ScalingTable table, string kind, double? below, bool paper, bool holdOut, List<ScaleCheck> checks)
    {
        var all = ScalingRun.Average(table.Runs());
        var largest = all.MaxBy(r => r.Compute);
        ImmutableArray<ScalingRun> chosen = paper ? OverTrainingRelease.FittingSet(all) : [.. all.Where(r => !(r.Compute >= below) && !(holdOut && r == largest))];
        LossSurface law = kind == "chinchilla" ? session.WithProgress(_ => ChinchillaLaw.FitTo(chosen)) : OverTrainingLaw.FitTo(chosen);
        checks.AddRange(all.Except(chosen).Select(r => new ScaleCheck(r.Name.Length > 0 ? r.Name : $"n = {r.N:g4}, d = {r.D:g4}", law.Predict([r.N, r.D]), r.Loss)));
        return law;
    }

    private static DownstreamErrorLaw Errors(ScalingTable table, bool paper, List<ScaleCheck> checks)
    {
        if (!paper)
            return DownstreamErrorLaw.FitTo(table.Numbers("loss"), table.Numbers("error"));
        var all = table.Runs().Where(r => double.IsFinite(r.Error)).ToArray();
        var chosen = OverTrainingRelease.ErrorFittingSet(all);
        var law = DownstreamErrorLaw.FitTo([.. chosen.Select(r => r.Loss)], [.. chosen.Select(r => r.Error)]);
        checks.AddRange(all.Except(chosen).Select(r => new ScaleCheck(r.Name, law.Predict([r.Loss]), r.Error)));
        return law;
    }

    private static KaplanLaw Kaplan(CommandSession session, ScalingTable table, double warmUp, bool holdOut, List<ScaleCheck> checks)
    {
        var curves = table.Curves();
        var largest = curves.Max(c => c.N);
        TrainingCurve[] left = holdOut ? [.. curves.Where(c => c.N == largest)] : [];
        var law = session.WithProgress(_ => new KaplanEstimation { WarmUp = warmUp }.Estimate(curves.Except(left)));
        checks.AddRange(left.Select(c => new ScaleCheck($"{c.Name} n = {c.N:g4}", law.Predict([c.N, c.Steps[^1], c.Batch]), c.Loss[^1])));
        return law;
    }

    private static DifficultyScaling Difficulty(ScalingTable table, double guess, bool holdOut, List<ScaleCheck> checks)
    {
        var (rates, options) = (table.PassRates(), new DifficultyOptions { Guess = guess });
        if (holdOut && DifficultyScaling.Backtest(rates, options) is var test)
            checks.Add(new ScaleCheck(test.Model, test.Predicted, test.Actual));
        return DifficultyScaling.FitTo(rates, options);
    }

    private static IEnumerable<ScalePlan> Plans(ScalingLaw law, double? target, double? compute)
    {
        if (target is null && compute is null)
            yield break;
        switch (law)
        {
            case LossSurface surface:
                if (compute is { } budget)
                    yield return Of(surface.Optimal(budget));
                foreach (var plan in target is { } loss ? surface.TradeOff(loss) : [])
                    yield return Of(plan);
                break;
            case KaplanLaw kaplan:
                if (compute is { } flops && kaplan.PlanForCompute(flops) is var best)
                    yield return new ScalePlan(best.Loss, best.N, best.Tokens, best.Compute);
                if (target is { } wanted)
                    yield return kaplan.PlanForLoss(wanted) is { } plan ? new ScalePlan(plan.Loss, plan.N, plan.Tokens, plan.Compute) : throw new ArgumentException($"loss {wanted} is not above the irreducible loss {kaplan.E:g4}");
                break;
            case LearningCurve curve when target is { } error:
                yield return curve.PlanFor(error) is { } needed ? new ScalePlan(error, needed.Size, needed.M, needed.Compute) : throw new ArgumentException($"{error} is not above the floor {curve.Gamma:g4}: not reachable with this method");
                break;
            case PowerLaw power when target is { } value:
                yield return power.Solve(value) is { } x ? new ScalePlan(value, x, null, null) : throw new ArgumentException($"{value} is not above the irreducible loss {power.E:g4}");
                break;
            default:
                throw new ArgumentException($"{law.Formula} has no plan for {(target is null ? "a compute budget" : "a target")}");
        }

        static ScalePlan Of(Allocation a) => new(a.Loss.Value, a.N, a.D, a.Compute);
    }

    private static ScalePrediction Prediction(CommandSession session, ScalingLaw law, string text)
    {
        var at = Point(law, text);
        foreach (var reach in law.Reach(at).Where(r => r.Factor > 30))
            session.Warn(string.Create(CultureInfo.InvariantCulture, $"{reach.Variable} = {reach.At:g4} lies a factor {reach.Factor:g3} outside the fitted {reach.Low:g4} to {reach.High:g4}"));
        return new ScalePrediction(text, law.Predict(at), [.. law.Reach(at)]);
    }

    private static double[] Point(ScalingLaw law, string text)
    {
        var values = new Dictionary<string, double>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var sides = part.Split('=', 2);
            if (sides.Length != 2 || !double.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                throw new ArgumentException($"--at takes {string.Join(",", law.Variables.Select(v => v + "=number"))}, not '{text}'");
            values[sides[0]] = value;
        }
        return [.. law.Variables.Select(v => values.TryGetValue(v, out var value) ? value : throw new ArgumentException($"--at lacks {v}: {string.Join(",", law.Variables.Select(n => n + "=number"))} was expected"))];
    }

    private static IRenderable Render(ScaleResult result)
    {
        var rows = new List<IRenderable> { new Text(result.Law.Formula) };
        Table New(params string[] columns) => columns.Aggregate(new Table().Border(TableBorder.Simple), (t, c) => t.AddColumn(c.StartsWith('#') ? JudgeRendering.Right(c[1..]) : new TableColumn(c)));
        var constants = New("constant", "#value", "95 % interval");
        foreach (var p in result.Law.Parameters)
            constants.AddRow(new Text(p.Name), new Text(ReportNumbers.Value(p.Estimate)), new Text(ReportNumbers.Interval(p.Estimate)));
        if (result.Law.Parameters.Length > 0)
            rows.Add(constants);
        if (result.Law is OverTrainingLaw over)
            rows.Add(new Text($"best multiplier d/n at any compute: {ReportNumbers.ValueAndInterval(over.OptimalMultiplier)}"));
        if (result.Law is DifficultyScaling difficulty)
            rows.Add(new Text($"{difficulty.Clusters.Length} clusters of radius {difficulty.Radius:0.###}; {ReportNumbers.Percent(difficulty.SubsetShare)} of {difficulty.QuestionCount} questions can be extrapolated"));
        var predictions = New("at", $"#{result.Law.Response}", "95 % of new runs");
        foreach (var p in result.Predictions)
            predictions.AddRow(new Text(p.At), new Text(ReportNumbers.Value(p.Predicted)), new Text(ReportNumbers.Interval(p.Predicted)));
        if (!result.Predictions.IsEmpty)
            rows.Add(predictions);
        var checks = New("left out", "#predicted", "interval", "#actual", "#relative error");
        foreach (var c in result.Checks)
            checks.AddRow(new Text(c.Name), new Text(ReportNumbers.Value(c.Predicted)), new Text(ReportNumbers.Interval(c.Predicted)), new Text(ReportNumbers.Value(c.Actual)), new Text(ReportNumbers.Percent(c.RelativeError)));
        if (!result.Checks.IsEmpty)
        {
            rows.Add(checks);
            rows.Add(new Text($"mean relative error {ReportNumbers.Percent(result.Checks.Average(c => c.RelativeError))}"));
        }
        var plans = New($"#{result.Law.Response}", result.Law is PowerLaw one ? $"#{one.Variable}" : "#size", "#data", "#compute");
        foreach (var p in result.Plans)
            plans.AddRow(new Text(ReportNumbers.Value(p.Target)), Big(p.N), Big(p.D), Big(p.Compute));
        if (!result.Plans.IsEmpty)
            rows.Add(plans);
        return new Rows(rows);

        static Text Big(double? value) => new(value is { } v ? v.ToString("0.###e0", CultureInfo.InvariantCulture) : "–");
    }

    private sealed record ScaleResult(ScalingLaw Law, ImmutableArray<ScalePrediction> Predictions, ImmutableArray<ScaleCheck> Checks)
    {
        public string Formula => Law.Formula;

        public ImmutableArray<LawParameter> Constants => Law.Parameters;

        public ImmutableArray<ScalePlan> Plans { get; init; } = [];
    }

    private sealed record ScalePrediction(string At, Estimate Predicted, ImmutableArray<LawReach> Reach);

    private sealed record ScaleCheck(string Name, Estimate Predicted, double Actual)
    {
        public double RelativeError => Math.Abs(Predicted.Value - Actual) / Actual;
    }

    private sealed record ScalePlan(double Target, double? N, double? D, double? Compute);
}
