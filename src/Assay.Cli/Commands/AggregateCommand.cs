using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Assay.Data;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay aggregate</c>: release averages of bags instead of labels, and learn rows from them.</summary>
internal static class AggregateCommand
{
    public static Command Create(CliEnvironment environment) =>
        new("aggregate", "Release averages of groups instead of labels (with label privacy), and learn a model of rows from them.") { Release(environment), Fit(environment), Plan(environment) };

    private static Command Release(CliEnvironment environment)
    {
        var data = new Argument<string>("data") { Description = "A data set's name, or a table." };
        var target = new Option<string?>("--target") { Description = "The column of responses.", HelpName = "column" };
        var size = new Option<int>("--bag-size", "-k") { Description = "The rows of a bag.", HelpName = "count", DefaultValueFactory = _ => 5 };
        var epsilon = new Option<double?>("--epsilon") { Description = "ε of label privacy: Laplace noise is added; without it none is.", HelpName = "number" };
        var range = new Option<double[]>("--range") { Description = "The least and the greatest response; others are clipped. Needed for privacy, and not to be read off the data.", HelpName = "low high", Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true };
        var budget = new Option<double?>("--budget") { Description = "The most that all releases of these labels may spend; ε by default.", HelpName = "number" };
        var seed = new Option<long?>("--seed") { Description = "Decides bags and noise. With --epsilon leave it out: a known seed takes the noise away again.", HelpName = "number" };
        var output = new Option<string>("--output", "-o") { Description = "The folder for rows.csv, bags.csv and ledger.json.", HelpName = "folder", Required = true };
        var command = new Command("release", "The curator's side: bag the rows at random, clip, average, add noise, keep a ledger.") { data, target, size, epsilon, range, budget, seed, output };
        command.Example("assay aggregate release diabetes -k 5 -o released", "averages of bags of five");
        command.Example("assay aggregate release pay.csv --target salary -k 10 --epsilon 1 --range 20000 120000 -o released", "with label privacy");
        command.Handle(environment, session =>
        {
            var source = session.Require(data);
            var loaded = DatasetFile.Load(DatasetCatalog.Contains(source) ? source : environment.PathOf(source), new DataRoles { Target = session.Get(target) });
            if (!loaded.HasTargets)
                throw new ArgumentException($"'{loaded.Name}' has no real-valued target; name its column with --target");
            var folder = environment.PathOf(session.Require(output));
            var responses = loaded.Targets.Select(t => (double)t).ToArray();
            if (session.Get(epsilon) is not null && !session.Has(range))
                throw new ArgumentException("--epsilon needs --range LOW HIGH: what responses can be, known beforehand");
            var draw = session.Get(seed) ?? BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8));
            var bags = BagAssignment.Random(loaded.Count, session.Get(size), draw);
            var result = AggregateRelease.Write(folder, loaded, responses, bags, session.Get(epsilon), session.Has(range) ? session.Get(range) : null, session.Get(budget), draw);
            foreach (var warning in result.Warnings)
                session.Warn(warning);
            session.Show(result, AggregateRendering.Render);
            session.Note($"rows.csv, bags.csv and ledger.json in {folder}; give away the first two");
            return CliHost.Done;
        });
        return command;
    }

    private static Command Fit(CliEnvironment environment)
    {
        var rows = new Argument<string>("rows") { Description = "The rows: features and a column 'bag'." };
        var bags = new Argument<string>("bags") { Description = "The bags: columns bag, mean and (where known) size." };
        var rho = new Option<string>("--rho") { Description = "ρ, or 'auto' to choose it by held-out bags.", HelpName = "number|auto", DefaultValueFactory = _ => "auto" };
        var model = new Option<string>("--model") { Description = "'linear' (closed form), or a network such as mlp(32, 32).", HelpName = "model", DefaultValueFactory = _ => "linear" };
        var epochs = new Option<int>("--epochs") { Description = "The passes over the bags, for a network.", HelpName = "count", DefaultValueFactory = _ => 100 };
        var test = new Option<string?>("--test") { Description = "Rows with known responses to judge on.", HelpName = "file" };
        var target = new Option<string>("--target") { Description = "The column of responses of --test.", HelpName = "column", DefaultValueFactory = _ => "target" };
        var seed = new Option<long>("--seed") { Description = "Decides folds and initial weights.", HelpName = "number" };
        var output = new Option<string?>("--output", "-o") { Description = "Write a prediction for each row (of --test, where given).", HelpName = "file" };
        var command = new Command("fit", "The learner's side: a model of rows from averages of bags.") { rows, bags, rho, model, epochs, test, target, seed, output };
        command.Example("assay aggregate fit released/rows.csv released/bags.csv -o predictions.csv", "least squares, ρ by held-out bags");
        command.Example("assay aggregate fit rows.csv bags.csv --model \"mlp(32, 32)\" --rho 0.1 --test labelled.csv", "a network, judged on labelled rows");
        command.Handle(environment, session =>
        {
            double? fixedRho = session.Get(rho) == "auto" ? null : double.TryParse(session.Get(rho), NumberStyles.Float, CultureInfo.InvariantCulture, out var r) ? r : throw new ArgumentException($"--rho takes a number or 'auto', not '{session.Get(rho)}'");
            var data = BagData.Read(environment.PathOf(session.Require(rows)), environment.PathOf(session.Require(bags)));
            (FloatMatrix Features, double[] Responses)? judged = session.Get(test) is { } file ? Labelled(environment.PathOf(file), session.Get(target)!, environment.PathOf(session.Require(rows))) : null;
            var request = new AggregateFitRequest(data, fixedRho, session.Get(model)!, session.Get(epochs), session.Get(seed), judged);
            var result = session.WithProgress(progress => AggregateFit.Run(request, environment.Catalog, progress, session.Cancellation));
            foreach (var warning in result.Warnings)
                session.Warn(warning);
            if (session.Get(output) is { } path)
                TableFile.Write(environment.PathOf(path), new Table(path, [new DoubleColumn("prediction", [.. result.Predictions])]));
            session.Show(result, AggregateRendering.Render);
            return CliHost.Done;
        });
        return command;
    }

    // The same columns as the rows, and the response.
    private static (FloatMatrix Features, double[] Responses) Labelled(string path, string target, string rowsPath)
    {
        var options = new TableReadOptions { TextColumns = ["bag"] };
        var columns = TableFile.Read(rowsPath, options).Columns.Where(c => c is not TextColumn && c.Name != "bag").Select(c => c.Name).ToArray();
        var table = TableFile.Read(path, options);
        return (table.ToMatrix(columns), [.. table.ToMatrix(target).Values.ToArray().Select(v => (double)v)]);
    }

    private static Command Plan(CliEnvironment environment)
    {
        var rows = new Option<int>("--rows") { Description = "n, the rows there are.", HelpName = "count", Required = true };
        var features = new Option<int>("--features") { Description = "d, the features of a row.", HelpName = "count", Required = true };
        var noise = new Option<double>("--noise") { Description = "s, the deviation of a response that features do not explain.", HelpName = "number", DefaultValueFactory = _ => 0.5 };
        var signal = new Option<double>("--signal") { Description = "‖θ‖, the deviation that they do explain.", HelpName = "number", DefaultValueFactory = _ => 1 };
        var epsilon = new Option<double?>("--epsilon") { Description = "ε of label privacy.", HelpName = "number" };
        var bound = new Option<double?>("--bound") { Description = "Responses are clipped to [−bound, bound]; 3 standard deviations by default where there is privacy.", HelpName = "number" };
        var sizes = new Option<int[]>("--bag-sizes") { Description = "The bag sizes to compare.", HelpName = "count", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2, 3, 5, 10, 20] };
        var html = new Option<string?>("--html") { Description = "Write a report with the curves.", HelpName = "file" };
        var command = new Command("plan", "Before any release: the predicted risk over ρ and bag sizes, and the best of both (linear theory).") { rows, features, noise, signal, epsilon, bound, sizes, html };
        command.Example("assay aggregate plan --rows 2000 --features 10 --epsilon 1", "which bags lose least under privacy");
        command.Example("assay aggregate plan --rows 150 --features 20 --bag-sizes 5 --html plan.html", "which ρ serves few bags");
        command.Handle(environment, session =>
        {
            var setting = new AggregateSetting(session.Get(rows), session.Get(features), 1, session.Get(noise), session.Get(signal))
            {
                Epsilon = session.Get(epsilon) ?? double.PositiveInfinity,
                Bound = session.Get(bound) ?? (session.Get(epsilon) is null ? double.PositiveInfinity : 3 * double.Hypot(session.Get(noise), session.Get(signal))),
            };
            var result = AggregatePlan.Of(setting, session.Get(sizes)!);
            if (session.Get(html) is { } page)
                session.WriteReport(page, result.Report(environment.Time.GetUtcNow()));
            session.Show(result, AggregateRendering.Render);
            return CliHost.Done;
        });
        return command;
    }
}
