using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>Asks a chat model whether a rewording means the same, so that losses can be told from those of rewordings that changed the question.</summary>
public static class RephrasingJudge
{
    /// <summary>Asks about one rewording, at temperature 0.</summary>
    /// <param name="client">The chat model.</param>
    /// <param name="question">The original.</param>
    /// <param name="wording">The rewording.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>Whether it means the same; null where the reply is neither yes nor no.</returns>
    public static async Task<bool?> ApprovesAsync(IChatClient client, string question, string wording, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var prompt = $"First question:\n{question}\n\nSecond question:\n{wording}\n\nDo both ask for exactly the same thing, so that the same answer is right for both? Reply with yes or no alone.";
        var response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, prompt)], new ChatOptions { Temperature = 0, MaxOutputTokens = 8 }, cancellation).ConfigureAwait(false);
        var reply = response.Text.Trim().TrimStart('*', '"', '\'');
        return reply.StartsWith("yes", StringComparison.OrdinalIgnoreCase) ? true : reply.StartsWith("no", StringComparison.OrdinalIgnoreCase) ? false : null;
    }
}
