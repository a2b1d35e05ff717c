using System.CommandLine;
using Assay.Data;
using Assay.Lab;
using Assay.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Assay.Cli;

/// <summary><c>assay federate</c>: compares federated methods on simulated clients.</summary>
internal static class FederateCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var data = new Argument<string>("data") { Description = "A data set's name, or a file or folder, with class labels." };
        var roles = new DataRoleOptions();
        var methods = new Option<string[]>("--methods") { Description = "The methods as a recipe names them, the baseline first.", HelpName = "a,b", DefaultValueFactory = _ => ["fedavg,fedprox,scaffold,fednova,fedlex(epochs: 5, patience: 3)"] };
        var model = new Option<string>("--model") { Description = "The model.", HelpName = "model", DefaultValueFactory = _ => "mlp(64)" };
        var split = new Option<string>("--split") { Description = "How examples are divided: iid, pathological(2), dirichlet(0.1).", HelpName = "split", DefaultValueFactory = _ => "dirichlet(0.2)" };
        var clients = new Option<int>("--clients") { Description = "The number of clients.", HelpName = "n", DefaultValueFactory = _ => 10 };
        var fraction = new Option<double>("--fraction") { Description = "The share of clients asked each round.", HelpName = "0…1", DefaultValueFactory = _ => 0.3 };
        var rounds = new Option<int>("--rounds") { Description = "The number of rounds.", HelpName = "n", DefaultValueFactory = _ => 30 };
        var epochs = new Option<int>("--local-epochs") { Description = "The passes of a client over its data in a round.", HelpName = "n", DefaultValueFactory = _ => 2 };
        var batch = new Option<int>("--batch") { Description = "The examples of a local step.", HelpName = "n", DefaultValueFactory = _ => 32 };
        var optimizer = new Option<string>("--optimizer") { Description = "The local update rule.", HelpName = "optimizer", DefaultValueFactory = _ => "sgd(0.05, momentum: 0)" };
        var decay = new Option<double>("--rate-decay") { Description = "The factor of the local learning rate from round to round.", HelpName = "factor", DefaultValueFactory = _ => 1 };
        var fail = new Option<double>("--fail") { Description = "The share of requests that clients do not answer.", HelpName = "share" };
        var late = new Option<double>("--late") { Description = "The share of answers that come in a later round.", HelpName = "share" };
        var broken = new Option<double>("--non-finite") { Description = "The share of answers that hold NaN.", HelpName = "share" };
        var lateAnswers = new Option<string>("--late-answers") { Description = "What becomes of late answers: discard, discount.", HelpName = "what", DefaultValueFactory = _ => "discard" };
        var oversample = new Option<double>("--oversample") { Description = "Further clients asked each round, as a share.", HelpName = "share" };
        var target = new Option<double?>("--target") { Description = "The accuracy whose round is reported; nine tenths of the best without it.", HelpName = "0…1" };
        var central = new Option<bool>("--central") { Description = "Train on all data together too, as the upper bound." };
        var seeds = new Option<int>("--seeds", "-s") { Description = "How many divisions of the data.", HelpName = "n", DefaultValueFactory = _ => 3 };
        var html = new Option<string?>("--html") { Description = "Write a report with curves.", HelpName = "file" };
        var command = new Command("federate", "Compare federated methods (FedAvg, FedProx, SCAFFOLD, FedNova, FedAdam, FedLEx) on simulated clients with uneven data and faults.")
        {
            data, methods, model, split, clients, fraction, rounds, epochs, batch, optimizer, decay, fail, late, broken, lateAnswers, oversample, target, central, seeds, html,
        };
        roles.AddTo(command);
        command.Example("assay federate digits", "five methods, ten clients of uneven classes");
        command.Example("assay federate digits --split \"pathological(2)\" --clients 20 --html federation.html", "two classes a client; curves of accuracy by round");
        command.Example("assay federate digits --methods \"fedavg,fedavg(momentum: 0.9),fedadam\" --fail 0.2 --late 0.2 --late-answers discount", "what faults cost");
        command.Example("assay train recipe.yaml", "one federation as a recipe: algorithm: federated(model: mlp(64), method: scaffold, split: dirichlet(0.1))");
        command.Handle(environment, session =>
        {
            var source = session.Require(data);
            var loaded = DatasetFile.Load(DatasetCatalog.Contains(source) ? source : environment.PathOf(source), roles.Read(session)).Validate();
            if (session.Get(seeds) < 1)
                throw new ArgumentException($"--seeds must be at least 1, not {session.Get(seeds)}");
            if (session.Get(fraction) is not (> 0 and <= 1))
                throw new ArgumentException($"--fraction must be above 0 and at most 1, not {session.Get(fraction)}");
            if (session.Get(clients) < 1 || session.Get(rounds) < 1 || session.Get(epochs) < 1 || session.Get(batch) < 1)
                throw new ArgumentException("--clients, --rounds, --local-epochs and --batch must be at least 1");
            var federation = new FederatedTrainingOptions
            {
                Model = environment.Catalog.Create<ModelSpec>(session.Get(model)!),
                Split = environment.Catalog.Create<ClientSplit>(session.Get(split)!),
                Clients = session.Get(clients),
                Fraction = session.Get(fraction),
                Rounds = session.Get(rounds),
                LocalEpochs = session.Get(epochs),
                Batch = session.Get(batch),
                Optimizer = environment.Catalog.Create<OptimizerSpec>(session.Get(optimizer)!),
                RateDecay = session.Get(decay),
                Fail = session.Get(fail),
                Late = session.Get(late),
                NonFinite = session.Get(broken),
                LateAnswers = Choice.Of<LateAnswers>(session.Get(lateAnswers)!, "--late-answers"),
                Oversample = session.Get(oversample),
            };
            var warned = new HashSet<string>(StringComparer.Ordinal);
            var result = session.WithProgress(progress => FederationComparison.Run(loaded, environment.Catalog, new FederationComparisonOptions
            {
                Methods = [.. CommaList.Of(session.Get(methods)!)],
                Federation = federation,
                Seeds = [.. Enumerable.Range(0, session.Get(seeds)).Select(s => (long)s)],
                Target = session.Get(target),
                Central = session.Get(central),
                Progress = progress,
                Warn = text =>
                {
                    if (warned.Add(new string([.. text.Where(c => !char.IsAsciiDigit(c))])))
                        session.Warn(text);
                },
                Cancellation = session.Cancellation,
            }));
            if (session.Get(html) is { } page)
                session.WriteReport(page, result.ToReport(environment.Time.GetUtcNow()), [.. Enumerable.Range(0, session.Get(seeds)).Select(s => (long)s)]);
            session.Show(result, Render);
            return CliHost.Done;
        });
        return command;
    }

    private static IRenderable Render(FederationComparison result)
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple).AddColumns("method", "accuracy", "95 % interval", "to the first", $"rounds to {Units.Number(result.Target)}", "drift", "MB up", "MB down", "lost");
        foreach (var m in result.Methods)
        {
            table.AddRow(
                new Text(m.Method), new Text(Units.Number(m.Accuracy)), new Text(double.IsNaN(m.Low) ? "–" : $"[{Units.Number(m.Low)}, {Units.Number(m.High)}]"),
                new Text(m == result.Methods[0] ? "" : $"{(m.Difference >= 0 ? "+" : "")}{Units.Number(m.Difference)}"), new Text(m.RoundsToTarget is { } r ? $"{r}" : "never"),
                new Text(Units.Number(m.Drift)), new Text(Units.Number(m.MegabytesUp)), new Text(Units.Number(m.MegabytesDown)), new Text($"{100 * m.Lost:0} %"));
        }
        var central = double.IsNaN(result.Central) ? "" : $"; on all data together {Units.Number(result.Central)}";
        return new Rows(table, new Markup($"[grey]{result.Clients} clients with {result.Examples[0]} to {result.Examples[2]} examples of {Markup.Escape(result.Data)}; accuracy over the last tenth of the rounds{central}[/]"));
    }
}
