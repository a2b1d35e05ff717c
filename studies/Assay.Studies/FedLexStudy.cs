using System.Collections.Immutable;
using Assay.Lab;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// Fashion-MNIST at 14 × 14 divided among clients in three ways: FedLEx against FedAvg, FedProx and SCAFFOLD under SGD, and against FedAvg
/// under Adam, whose steps a constant factor of the gradient cannot change; and against its own matrix with the places shuffled.
/// </summary>
public sealed class FedLexStudy : Study
{
    private const double Target = 0.75;

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "fedlex", 86, "Federated Loss Exploration for Improved Convergence on Non-IID Data (2024)",
        "Trains an MLP on Fashion-MNIST by FedLEx and its rivals over IID, two-class and Dirichlet clients, with SGD and Adam, and with the guidance matrix shuffled.",
        DefaultSeeds: 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("two-class", "FedLEx ends more accurate than FedAvg where clients have two classes each.", "significant on MNIST and CIFAR, many splits",
            "test accuracy over the last tenth of the rounds, FedLEx minus FedAvg, SGD, gradient guided", "points", ClaimDirection.AtLeast, 0),
        new("dirichlet", "FedLEx ends more accurate than FedAvg over Dirichlet(0.1) clients.", "significant on MNIST and CIFAR, many splits",
            "test accuracy over the last tenth of the rounds, FedLEx minus FedAvg, SGD, gradient guided", "points", ClaimDirection.AtLeast, 0),
        new("faster", "FedLEx converges in fewer rounds.", "improved convergence is the title's claim",
            "rounds to 75 % test accuracy, two-class clients, FedLEx minus FedAvg (never counts one more than all)", "rounds", ClaimDirection.AtMost, 0),
        new("adam", "With Adam, guiding the update beats FedAvg.", "the authors' example trains with Adam",
            "test accuracy, two-class clients, FedLEx guiding the update minus FedAvg, both with Adam", "points", ClaimDirection.AtLeast, 0),
        new("adam-gradient", "With Adam, guiding the gradient as the authors' code does changes little: Adam undoes a constant factor.", "our reading of the method, not the paper's",
            "test accuracy, two-class clients, FedLEx guiding the gradient minus FedAvg, both with Adam", "points", ClaimDirection.Within, -2, 2),
        new("information", "The gain comes from what the matrix knows, not from its histogram.", "implied",
            "test accuracy, two-class clients, FedLEx minus its matrix shuffled within each tensor, SGD", "points", ClaimDirection.AtLeast, 0),
        new("few-epochs", "A short exploration suffices.", "few exploration epochs and little data suffice",
            "rank correlation of the matrices of 3 and of 20 exploration epochs", "", ClaimDirection.AtLeast, 0.7),
        new("iid", "FedLEx costs nothing where clients are alike.", "not stated", "test accuracy, IID clients, FedLEx minus FedAvg, SGD", "points", ClaimDirection.AtLeast, -1),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = context.Scale == StudyScale.Quick
            ? new Size(3_000, 2_000, [64], 10, 12, 4)
            : new Size(10_000, 5_000, [128, 64], 20, 60, 15);
        var (done, all) = (0, context.Seeds.Count * 14);
        foreach (var seed in context.Seeds)
        {
            var (train, test) = FashionParts.Tensors(size.Train, size.Test, seed, side: 14);
            using (train)
            using (test)
            {
                FederatedResult Train(FederatedMethod method, ClientSplit split, OptimizerSpec optimizer, int? rounds = null)
                {
                    context.Progress($"{method.Name}, seed {seed}", (double)done++ / all);
                    return new FederatedTraining(new FederatedTrainingOptions
                    {
                        Model = new MlpSpec(size.Hidden), Method = method, Split = split, Clients = size.Clients, Fraction = 0.3, Rounds = rounds ?? size.Rounds, LocalEpochs = 2, Batch = 64, Optimizer = optimizer,
                    }).Run(train, test, new TrainingContext { Seed = seed, Cancellation = context.Cancellation });
                }
                Measure(context, seed, size, Train);
            }
        }
    }

    private delegate FederatedResult Trainer(FederatedMethod method, ClientSplit split, OptimizerSpec optimizer, int? rounds = null);

    private static void Measure(StudyContext context, int seed, Size size, Trainer train)
    {
        var (sgd, adam) = (new Sgd(0.05, momentum: 0), new Adam(1e-3));
        var (twoClass, dirichlet, iid) = (new PathologicalClients(2), new DirichletClients(0.1), new IidClients());
        FedLex Lex(GuidanceControl control = GuidanceControl.None, GuidanceTarget? target = null) => new(new FedLexOptions { Epochs = size.Exploration, Patience = 5, Control = control, ApplyTo = target });
        (double Accuracy, int Rounds) Of(string what, FederatedMethod method, ClientSplit split, OptimizerSpec optimizer)
        {
            using var result = train(method, split, optimizer);
            var rounds = result.Rounds.Where(r => r.Round > 0).ToArray();
            var accuracy = 100 * rounds[^Math.Max(1, rounds.Length / 10)..].Average(r => r.Accuracy);
            context.Observe($"{what}: test accuracy, %", accuracy);
            context.Observe($"{what}: drift", rounds.Where(r => !double.IsNaN(r.Drift)).Average(r => r.Drift));
            return (accuracy, result.RoundsTo(Target) ?? size.Rounds + 1);
        }
        var (average, lex) = (Of("two classes, SGD, FedAvg", new FedAvg(), twoClass, sgd), Of("two classes, SGD, FedLEx", Lex(), twoClass, sgd));
        context.Measure("two-class", seed, lex.Accuracy - average.Accuracy);
        context.Measure("faster", seed, lex.Rounds - average.Rounds);
        context.Observe("two classes, SGD, FedAvg: rounds to 75 %", average.Rounds);
        context.Observe("two classes, SGD, FedLEx: rounds to 75 %", lex.Rounds);
        context.Measure("information", seed, lex.Accuracy - Of("two classes, SGD, FedLEx shuffled", Lex(GuidanceControl.Permuted), twoClass, sgd).Accuracy);
        Of("two classes, SGD, FedProx", new FedProx(0.1), twoClass, sgd);
        Of("two classes, SGD, SCAFFOLD", new Scaffold(), twoClass, sgd);
        context.Measure("dirichlet", seed, Of("Dirichlet 0.1, SGD, FedLEx", Lex(), dirichlet, sgd).Accuracy - Of("Dirichlet 0.1, SGD, FedAvg", new FedAvg(), dirichlet, sgd).Accuracy);
        context.Measure("iid", seed, Of("IID, SGD, FedLEx", Lex(), iid, sgd).Accuracy - Of("IID, SGD, FedAvg", new FedAvg(), iid, sgd).Accuracy);
        var averageOfAdam = Of("two classes, Adam, FedAvg", new FedAvg(), twoClass, adam).Accuracy;
        context.Measure("adam", seed, Of("two classes, Adam, FedLEx of the update", Lex(target: GuidanceTarget.Update), twoClass, adam).Accuracy - averageOfAdam);
        context.Measure("adam-gradient", seed, Of("two classes, Adam, FedLEx of the gradient", Lex(target: GuidanceTarget.Gradient), twoClass, adam).Accuracy - averageOfAdam);
        float[] Explored(int epochs)
        {
            using var result = train(new FedLex(new FedLexOptions { Epochs = epochs, Patience = 0, Explorers = 0.99 }), twoClass, sgd, 1);
            return [.. result.Guidance!.Values];
        }
        context.Measure("few-epochs", seed, RankCorrelation.Spearman([.. Explored(3).Select(g => (double)g)], [.. Explored(20).Select(g => (double)g)]));
    }

    private sealed record Size(int Train, int Test, int[] Hidden, int Clients, int Rounds, int Exploration);
}
