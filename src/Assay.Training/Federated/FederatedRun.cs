using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Federated training: each round the server samples clients, sends them the global weights, and averages what they answer. Clients may fail,
/// answer late, or answer what is not finite: the round goes on with the rest. With the same seed the result does not depend on the order in
/// which answers come; a killed run resumes after its last round.
/// </summary>
/// <param name="model">Builds the global model with its initial weights.</param>
/// <param name="clients">The clients, here or elsewhere.</param>
/// <param name="method">How the federation learns.</param>
/// <param name="options">How it is run; null takes the defaults.</param>
public sealed class FederatedRun(Func<nn.Module<Tensor, Tensor>> model, ImmutableArray<IFederatedClient> clients, FederatedMethod method, FederatedOptions? options = null)
{
    private readonly FederatedOptions options = options ?? new FederatedOptions();

    /// <summary>Trains.</summary>
    /// <param name="test">The data on which the global model is evaluated after every round, or null.</param>
    /// <param name="cancellation">Ends the run after what is under way.</param>
    /// <exception cref="ArgumentException">No client has data, or an option is out of its range.</exception>
    public async Task<FederatedResult> RunAsync(TensorDataset? test = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(method);
        options.Check();
        if (clients.IsDefaultOrEmpty || clients.All(c => c.Examples == 0))
            throw new ArgumentException("at least one client with data was expected", nameof(clients));
        var state = new Federation(model(), clients, method, options);
        try
        {
            return await state.RunAsync(test, cancellation).ConfigureAwait(false);
        }
        catch
        {
            state.Model.Dispose();
            throw;
        }
    }
}
