using Assay.Statistics;

namespace Assay.Training;

/// <summary>How often a simulated client misbehaves, each a share of its requests.</summary>
/// <param name="Fail">It gives no answer.</param>
/// <param name="NonFinite">Its answer holds NaN.</param>
/// <param name="Late">Its answer comes in a later round.</param>
/// <param name="MostRoundsLate">How many rounds late at most, 1 or more.</param>
public sealed record ClientFaults(double Fail = 0, double NonFinite = 0, double Late = 0, int MostRoundsLate = 3)
{
    /// <summary>Whether nothing ever goes wrong.</summary>
    public bool IsNone => Fail == 0 && NonFinite == 0 && Late == 0;

    internal ClientFaults Checked()
    {
        foreach (var (name, share) in new[] { (nameof(Fail), Fail), (nameof(NonFinite), NonFinite), (nameof(Late), Late) })
        {
            if (share is not (>= 0 and <= 1))
                throw new ArgumentOutOfRangeException(name, share, "a share from 0 to 1 was expected");
        }
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MostRoundsLate);
        return this;
    }
}

/// <summary>A client that fails, answers late or answers NaN, the same for the same seed, to see what a federation bears.</summary>
/// <param name="client">The client behind it.</param>
/// <param name="faults">How often.</param>
/// <param name="seed">The seed; different for each client.</param>
public sealed class FaultyClient(IFederatedClient client, ClientFaults faults, long seed) : IFederatedClient
{
    private readonly ClientFaults faults = faults.Checked();

    /// <inheritdoc/>
    public int Examples => client.Examples;

    /// <inheritdoc/>
    public async Task<ClientUpdate> TrainAsync(ClientRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var random = SeededRandom.At(seed, 861, request.Round);
        if (random.NextDouble() < faults.Fail)
            throw new IOException("the client cannot be reached (simulated)");
        var update = await client.TrainAsync(request, cancellation).ConfigureAwait(false);
        if (random.NextDouble() < faults.NonFinite)
        {
            var broken = (float[])update.Delta.Clone();
            broken[random.Next(broken.Length)] = float.NaN;
            update = update with { Delta = broken };
        }
        return random.NextDouble() < faults.Late ? update with { RoundsLate = 1 + random.Next(faults.MostRoundsLate) } : update;
    }
}
